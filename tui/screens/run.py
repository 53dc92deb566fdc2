"""The form that runs instances: left what to run, right what would happen, below the same as lines.

Nothing is sent by it but dry runs, until ``^s``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Final

from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from tui import drafts, templates
from tui.actions.action import Target
from tui.client import nouns, openstack, plans, verbs
from tui.client.errors import ClientError
from tui.client.nouns import Choice
from tui.client.nouns.planning import RunPlan
from tui.drafts import RunDraft
from tui.rest import Rest
from tui.screens.view import View
from tui.store import Topic
from tui.templates import TemplatesUnreadable
from tui.widgets import run_plan
from tui.widgets.choice_field import ChoiceField
from tui.widgets.panel import Panel
from tui.widgets.shell_lines import ShellLines
from tui.widgets.spans import clean

_DRAFT: Final = "instance.run"
_LABELS: Final = {
    "template": "From", "name": "Name", "image": "Image", "flavor": "Flavor", "key": "Key",
    "network": "Network", "groups": "Groups", "volume": "Volume", "data": "Data", "count": "Count",
    "then": "Then",
}  # fmt: skip
_TYPED: Final = ("name", "data", "count")
_CHOSEN: Final = ("image", "flavor", "key", "network", "groups", "volume", "then")
_COUNT_MAX: Final = 100
_CONSOLE: Final = Choice(id="console", name="its console at boot")
_THEN: Final = (Choice(id="list", name="its place in the list"), _CONSOLE)
_BLANK: Final = Choice(id="", name="a blank form")


class Run(View):
    """A draft that is sent by ``^s`` and not before; Esc leaves, and it is there the next time."""

    CRUMBS: ClassVar[list[str]] = ["Instances", "Run"]
    AUTO_FOCUS = "#name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "send(False)", "run now", tooltip="Send the request."),
        Binding("ctrl+t", "send(True)", "run and trace", tooltip="Send it and watch it travel."),
        Binding("ctrl+y", "copy_line", "copy line", tooltip="Copy the line of the shell."),
        Binding("f4", "keep", "keep as template", tooltip="Keep the form under the name in it."),
        Binding("f5", "forget", "forget template", show=False, tooltip="The one it is from."),
        Binding("down", "app.focus_next", "next field", show=False),
        Binding("up", "app.focus_previous", "previous field", show=False),
    ]

    def __init__(self, *, image: Target | None = None) -> None:
        super().__init__()
        self._wanted_image = image.id if image and isinstance(image.noun, nouns.Image) else ""
        self._kept: dict[str, str] = {}
        self._untouched: dict[str, str] | None = None  # None until there is something to choose
        self._data: tuple[str, str, str] = ("", "", "")  # a path, what is there, what is wrong
        self._plan: RunPlan | None = None
        self._rest = Rest(self, self._ask)

    def body(self) -> Iterable[Widget]:
        """Return the form, the plan beside it and the lines that say the same."""
        self._kept = dict(self.app.form_drafts.get(_DRAFT, {}))
        with Horizontal(id="sides"):
            with Vertical(classes="box", id="form") as form:
                form.border_title = "Run an instance"
                for name, label in _LABELS.items():
                    yield _row(label, self._field(name))
                yield Static("", id="missing", markup=False)
            yield Panel("What will happen", widget_id="plan", wraps=True)
        yield ShellLines()

    def on_mount(self) -> None:
        """Ask for what there is to choose from."""
        self._load()

    def show(self, topics: frozenset[Topic]) -> None:
        """Offer what can be run now; ask anew when the room is another."""
        if "image" in topics:
            field = self.query_one("#image", ChoiceField)
            field.offer(self._images(), prefer=self._wanted_image or self._kept.get("image", ""))
        if "volume" in topics:
            field = self.query_one("#volume", ChoiceField)
            field.offer([None, *self._volumes()], prefer=self._kept.get("volume", ""))
        if topics & {"image", "volume", "instance", "host"}:
            self._changed()

    @property
    def draft(self) -> RunDraft:
        """What the form says now."""
        fields = {name: self.query_one(f"#{name}", ChoiceField) for name in _CHOSEN}
        groups = fields.pop("groups").choices
        count = self._text("count")
        path, data, _ = self._read_data()
        return RunDraft(
            name=self._text("name"), groups=groups, data_path=path, data=data,
            count=min(_COUNT_MAX, max(1, int(count))) if count.isdigit() else 1,
            **{name: field.choice for name, field in fields.items()},
        )  # fmt: skip

    def action_copy_line(self) -> None:
        """Copy the line of the OpenStack client."""
        self.query_one(ShellLines).action_copy()

    def action_keep(self) -> None:
        """Keep the form as a template, under the name in it."""
        draft = self.draft
        if not draft.name:
            self.app.say("missing: name, which the template is kept under", is_error=True)
            return
        try:
            templates.save(templates.path(), draft.name, draft.fields())
        except (TemplatesUnreadable, OSError) as error:
            self.app.say(str(error), is_error=True)
            return
        self.app.say(f"kept as template {draft.name}; F5 forgets it")
        self._offer_templates(prefer=draft.name)

    def action_forget(self) -> None:
        """Forget the template that the form is from."""
        chosen = self.query_one("#template", ChoiceField).choice
        if chosen is None or not chosen.id:
            return
        try:
            templates.forget(templates.path(), chosen.id)
        except (TemplatesUnreadable, OSError) as error:
            self.app.say(str(error), is_error=True)
            return
        self.app.say(f"template {chosen.name} is forgotten")
        self._offer_templates()

    @work(exclusive=True, group="send")
    async def action_send(self, is_traced: bool) -> None:
        """Send the request; on success go back to the list or on to the trace."""
        draft = self.draft
        if missing := self._missing(draft):
            self.app.say(missing, is_error=True)
            return
        try:
            answer = await self.app.send(draft.call())
        except ClientError as error:
            self.app.say(error.reason, is_error=True)
            return
        self.app.form_drafts.pop(_DRAFT, None)
        if made := openstack.made_server(answer.body):
            self.app.expected["instance"] = made
            self.app.awaited = made if draft.then == _CONSOLE and not is_traced else ""
        self.dismiss()
        self.app.say(f"{draft.name}: accepted")
        self.app.action_go("instances")
        if is_traced:
            self.app.action_trace(answer.request_id)

    def _field(self, name: str) -> Widget:
        if name == "count":
            value = self._kept.get("count") or "1"
            return Input(value=value, type="integer", id=name, compact=True)
        if name in _TYPED:
            value = self._kept.get(name) or (self._free_name() if name == "name" else "")
            hint = "a file of user data" if name == "data" else ""
            return Input(value=value, id=name, compact=True, placeholder=hint)
        return ChoiceField(widget_id=name, title=_LABELS[name], is_many=name == "groups")

    @work(exclusive=True, group="choices")
    async def _load(self) -> None:
        self._offer_templates()
        then = self.query_one("#then", ChoiceField)
        then.offer(_THEN, prefer=self._kept.get("then", ""))
        for name, call, read, extra in (
            ("flavor", verbs.compute.flavors(), openstack.flavor_choices, ()),
            ("key", verbs.compute.key_pairs(), openstack.key_choices, (None,)),
            ("network", verbs.network.networks(), openstack.network_choices, ()),
            ("groups", verbs.network.security_groups(), openstack.security_group_choices, ()),
        ):
            choices = await self.app.ask(call, read) or []
            field = self.query_one(f"#{name}", ChoiceField)
            field.offer([*choices, *extra])
            if name in self._kept:
                field.choose(self._kept[name])
        self._untouched = self.draft.fields()
        self._changed()

    @on(Input.Changed)
    @on(ChoiceField.Changed)
    def _changed(self) -> None:
        """Draw the lines at once, and ask what would happen when nothing more is typed."""
        draft = self.draft
        missing = self._missing(draft)
        self.query_one("#missing", Static).update(
            Content(clean(missing or "Nothing has been sent yet."))
        )
        ami = self._plan.image.ec2_id if self._plan and self._plan.image else ""
        self.query_one(ShellLines).show_draft(draft, ami)
        if self._untouched is not None and draft.fields() != self._untouched:
            self.app.form_drafts[_DRAFT] = draft.fields()
        if missing:
            self._rest.stop()
            self._plan = None
            self.query_one("#plan", Panel).show(clean(missing))
        else:
            self._rest.begin()

    @on(ChoiceField.Changed, "#template")
    def _filled(self) -> None:
        """Fill the form from a template."""
        chosen = self.query_one("#template", ChoiceField).choice
        fields = self._templates().get(chosen.id) if chosen else None
        if fields is None:
            return
        for name in _TYPED:
            value = self._free_name() if name == "name" else fields.get(name, "")
            self.query_one(f"#{name}", Input).value = value
        for name in _CHOSEN:
            self.query_one(f"#{name}", ChoiceField).choose(fields.get(name, ""))

    @work(exclusive=True, group="plan")
    async def _ask(self) -> None:
        panel = self.query_one("#plan", Panel)
        call = verbs.planning.plan_run(self.draft.server())
        try:
            self._plan = await self.app.fetch(call, plans.run_plan)
        except ClientError as error:
            self._plan = None
            panel.show(clean(error.reason))
            return
        who = self.app.who
        project = who.project_name if who else "the project"
        panel.show(*run_plan.lines(self._plan, project=project, glyphs=self.app.glyphs))
        ami = self._plan.image.ec2_id if self._plan.image else ""
        self.query_one(ShellLines).show_draft(self.draft, ami)

    def _missing(self, draft: RunDraft) -> str:
        """Return what keeps the request from being sent, or an empty text."""
        wrong = self._read_data()[2]
        missing = draft.missing()
        return wrong or (f"missing: {', '.join(missing)}" if missing else "")

    def _read_data(self) -> tuple[str, str, str]:
        path = self._text("data")
        if path != self._data[0]:
            try:
                self._data = (path, drafts.read_data(path), "")
            except (OSError, ValueError) as error:
                self._data = (path, "", str(error))
        return self._data

    def _text(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value.strip()

    def _templates(self) -> dict[str, dict[str, str]]:
        try:
            return templates.load(templates.path())
        except TemplatesUnreadable as error:
            self.app.say(str(error), is_error=True)
            return {}

    def _offer_templates(self, *, prefer: str = "") -> None:
        field = self.query_one("#template", ChoiceField)
        named = [Choice(id=name, name=name) for name in sorted(self._templates())]
        field.offer([_BLANK, *named])
        field.choose(prefer)

    def _images(self) -> Sequence[Choice]:
        return [
            Choice(id=image.id, name=image.name or image.id, note=image.disk_format or "")
            for image in self.app.store.all(nouns.Image)
            if image.status == "active" and image.disk_format not in ("aki", "ari")
        ]

    def _volumes(self) -> Sequence[Choice]:
        return [
            Choice(id=item.id, name=item.name or item.id, note=f"{item.size_gib} GiB")
            for item in self.app.store.all(nouns.Volume)
            if item.status == "available"
        ]

    def _free_name(self) -> str:
        taken = {instance.name for instance in self.app.store.all(nouns.Instance)}
        return next(name for at in range(1, 10**6) if (name := f"web-{at}") not in taken)


def _row(label: str, field: Widget) -> Horizontal:
    return Horizontal(Static(label, classes="label", markup=False), field, classes="row")
