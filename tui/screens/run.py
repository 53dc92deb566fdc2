"""The form that runs an instance, with the same request as a shell line and as an API call."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.actions.action import Target, quote
from tui.client import nouns, openstack, verbs
from tui.client.errors import ClientError
from tui.client.nouns import Choice
from tui.drafts import RunDraft
from tui.screens.view import View
from tui.store import Topic
from tui.widgets.choice_field import ChoiceField
from tui.widgets.panel import Panel
from tui.widgets.spans import clean

_FIELDS: Final = ("image", "flavor", "key", "network")
_COUNT_MAX: Final = 100


class Run(View):
    """A draft that is sent by ``^s`` and not before; Esc leaves without sending."""

    CRUMBS: ClassVar[list[str]] = ["Instances", "Run"]
    AUTO_FOCUS = "#name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send(False)", "run now", tooltip="Send the request."),
        Binding("ctrl+t", "send(True)", "run and trace", tooltip="Send it and watch it travel."),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("up", "app.focus_previous", "previous field", show=False),
    ]

    def __init__(self, *, image: Target | None = None) -> None:
        super().__init__()
        self._wanted_image = image.id if image else ""

    def body(self) -> Iterable[Widget]:
        """Return the form and the lines that say the same."""
        with Vertical(classes="box", id="form") as form:
            form.border_title = "Run an instance"
            form.border_subtitle = "Tab: next field   Left, Right: choose   Esc: leave"
            yield _row("Name", Input(value=self._free_name(), id="name", compact=True))
            for name in _FIELDS:
                yield _row(name.capitalize(), ChoiceField(widget_id=name))
            yield _row("Count", Input(value="1", type="integer", id="count", compact=True))
            yield Static("", id="missing", markup=False)
        yield Panel("The same thing from a shell", widget_id="shell", wraps=True)

    def on_mount(self) -> None:
        """Ask for what there is to choose from."""
        super().on_mount()
        self._load()

    def show(self, topics: frozenset[Topic]) -> None:
        """Offer the images that can be run now."""
        if "image" in topics:
            field = self.query_one("#image", ChoiceField)
            field.offer(self._images(), prefer=self._wanted_image)
            self._show_lines()

    @property
    def draft(self) -> RunDraft:
        """What the form says now."""
        count = self.query_one("#count", Input).value
        choices = {name: self.query_one(f"#{name}", ChoiceField).choice for name in _FIELDS}
        return RunDraft(
            name=self.query_one("#name", Input).value.strip(),
            count=min(_COUNT_MAX, max(1, int(count))) if count.isdigit() else 1,
            **choices,
        )

    @work(exclusive=True, group="choices")
    async def _load(self) -> None:
        for name, call, read, extra in (
            ("flavor", verbs.compute.flavors(), openstack.flavor_choices, ()),
            ("key", verbs.compute.key_pairs(), openstack.key_choices, (None,)),
            ("network", verbs.network.networks(), openstack.network_choices, ()),
        ):
            choices = await self.app.ask(call, read) or []
            self.query_one(f"#{name}", ChoiceField).offer([*choices, *extra])
        self._show_lines()

    @on(Input.Changed)
    @on(ChoiceField.Changed)
    def _show_lines(self) -> None:
        draft = self.draft
        missing = draft.missing()
        text = f"missing: {', '.join(missing)}" if missing else "Nothing has been sent yet."
        self.query_one("#missing", Static).update(Content(text))
        self.query_one("#shell", Panel).show(
            Content(clean(quote(draft.cli()))),
            Content.styled(clean(draft.call().line()), "$secondary"),
        )

    @work(exclusive=True, group="send")
    async def action_send(self, is_traced: bool) -> None:
        """Send the request; on success go back to the list or on to the trace."""
        draft = self.draft
        if missing := draft.missing():
            self.app.say(f"missing: {', '.join(missing)}", is_error=True)
            return
        try:
            answer = await self.app.send(draft.call())
        except ClientError as error:
            self.app.say(error.reason, is_error=True)
            return
        self.dismiss()
        self.app.say(f"{draft.name}: accepted")
        self.app.action_go("instances")
        if is_traced:
            self.app.action_trace(answer.request_id)

    def _images(self) -> Sequence[Choice]:
        return [
            Choice(id=image.id, name=image.name or image.id, note=image.disk_format or "")
            for image in self.app.store.all(nouns.Image)
            if image.status == "active" and image.disk_format not in ("aki", "ari")
        ]

    def _free_name(self) -> str:
        taken = {instance.name for instance in self.app.store.all(nouns.Instance)}
        return next(name for at in range(1, 10**6) if (name := f"web-{at}") not in taken)


def _row(label: str, field: Widget) -> Horizontal:
    return Horizontal(Static(label, classes="label", markup=False), field, classes="row")
