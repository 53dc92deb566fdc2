"""Images and objects, side by side: what instances are made of, and the bytes it is kept as."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable
from typing import Any, ClassVar

from textual import on, work
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from tui import bindings
from tui.actions import image as of_images
from tui.actions.action import Target
from tui.client import nouns, openstack, verbs
from tui.client.errors import ClientError
from tui.client.nouns import Entry, Image
from tui.client.verbs import object_store
from tui.kinds import images, objects
from tui.kinds.kind import Kind
from tui.rest import Rest
from tui.screens.carrying import Carrying
from tui.screens.walk import tree
from tui.store import Topic
from tui.widgets.panel import Panel
from tui.widgets.spans import clean
from tui.widgets.table import Table
from tui.widgets.transfer import Transfer

_RELATED_MAX = 8
_NOTES = "x-object-meta-"
_KEPT_HEADERS = ("content-type", "content-encoding", "content-disposition", "x-delete-at")


class Store(Carrying):
    """Both lists, what is known of the chosen thing, and a line for what is on its way."""

    IMAGES: ClassVar[str]
    OBJECTS: ClassVar[str]
    """The boxes of both lists; one is the main one, ``rows``."""

    def __init__(self) -> None:
        super().__init__()
        self.container = ""
        self.prefix = ""
        self._entries: list[Entry] = []
        self._related: tuple[str, list[str]] = ("", [])
        self._rest = Rest(self, self._relate)  # an image's x-ray is asked for

    def crumbs(self) -> list[str]:
        """Return both titles."""
        return ["Images | Objects"]

    def body(self) -> Iterable[Widget]:
        """Return the lists, what is known of the chosen thing, and the transfer's line."""
        with Horizontal(id="halves"):
            both: dict[str, Kind[Any]] = {self.IMAGES: images.KIND, self.OBJECTS: objects.KIND}
            for name, kind in both.items():
                with Vertical(classes="box", id=name):
                    yield Table(kind.columns(self.app), key=nouns.key)
                    if name == "rows":
                        yield from self.filter_line()
        yield Panel(widget_id="detail")
        yield Transfer()

    def on_screen_resume(self) -> None:
        """List the containers: they may have changed."""
        self.load_entries()

    def on_acted(self) -> None:
        """List again: the event stream does not tell of objects."""
        self._related = ("", [])
        self.load_entries()

    def show(self, topics: frozenset[Topic]) -> None:
        """Draw images; ask for objects when the cloud is back, or when requests were made."""
        if "image" in topics:
            self._show_images()
        if topics & {"image", "instance"}:
            self.show_chosen()
        if "link" in topics:
            self.load_entries()

    def tick(self) -> None:
        """Draw the ages."""
        for name in (self.IMAGES, self.OBJECTS):
            self.beside(name).refresh()

    def show_chosen(self) -> None:
        """Draw how the chosen thing hangs together with others."""
        kind, table = self.pane()
        item = table.current
        panel = self.query_one("#detail", Panel)
        if item is None:
            panel.border_title = "nothing here"
            panel.show(kind.empty)
            return
        panel.border_title = Content(clean(f"{kind.name(item)}: how it hangs together"))
        lines = list(kind.detail(item, self.app, False)) if kind.detail else []
        known, related = self._related
        if isinstance(item, Image):
            lines += related if known == item.id else []
        panel.show(*(clean(line) if isinstance(line, str) else line for line in lines))

    def place(self) -> tuple[str, str]:
        """Return the container that is open, or the chosen one, and the folder in it."""
        return self.container or getattr(self._objects.current, "container", ""), self.prefix

    def go_back(self) -> bool:
        """Stop a transfer, leave a folder, or clear the filter."""
        if self.stop_transfer():
            return True
        if self._objects.has_focus and self.container:
            self._up()
            return True
        return super().go_back()

    @work(exclusive=True, group="read")
    async def load_entries(self) -> None:
        """List the container that is open, or the containers."""
        if self.app.store.link.state != "live":
            return
        container, prefix = self.container, self.prefix
        try:
            if container:
                body = (await self.app.send(object_store.objects(container, prefix))).body
                found = openstack.entries(body, container)
            else:
                found = await self.app.fetch(object_store.containers(), openstack.containers)
                self.app.store.replace({"entry": list(found)}, rev=self.app.store.rev)
        except ClientError as error:
            self._show_entries([], error.reason)
            return
        if (container, prefix) == (self.container, self.prefix):
            self._show_entries([item for item in found if item.name != prefix or not prefix], "")

    @work(group="acts")
    async def action_import_image(self) -> None:
        """Have the cloud fetch an image."""
        target = await self._asked("image.import", Target(id="", name=""))
        if target is None:
            return
        made = await self.app.ask(
            verbs.image.create_image(of_images.document(target)), openstack.image
        )
        if made is not None:
            call = verbs.image.import_image(made.id, target.answers["url"])
            if await self.app.ask(call, lambda _: True):
                self.app.say(f"the cloud fetches {target.answers['name']}")

    def action_run_from(self) -> None:
        """Open the form that runs an instance of the chosen image."""
        self.app.action_run_form()

    def action_hexdump(self) -> None:
        """Show the chosen bytes."""
        if target := self._suited("object.hexdump"):
            module = importlib.import_module("tui.screens.hexdump")
            self.app.push_screen(module.Hexdump(target.noun, target.name))

    def action_walk(self) -> None:
        """Go from the row to the bytes."""
        if target := self._suited("object.walk"):
            module = importlib.import_module("tui.screens.walk")
            self.app.push_screen(module.Walk(target.noun, target.name))

    @work(group="acts")
    async def action_expire(self) -> None:
        """Have an object deleted later; all else that is noted on it stays."""
        chosen = self._suited("object.expire")
        target = await self._asked("object.expire", chosen) if chosen else None
        if target is None:
            return
        entry: Any = target.noun
        try:
            told = (await self.app.send(object_store.head(entry.container, entry.name))).headers
            headers = {
                name: value for name, value in told.items()
                if name in _KEPT_HEADERS[:3] or name.startswith(_NOTES)
            } | {"X-Delete-After": target.answers["seconds"]}  # fmt: skip
            await self.app.send(object_store.set_object(entry.container, entry.name, headers))
        except ClientError as error:
            self.app.say(error.reason, is_error=True)
        else:
            self.app.say(f"{entry.name} is deleted in {target.answers['seconds']} s")

    def shows(self) -> tuple[str, ...]:
        """Return the shell line that shows what is under the cursor, but for its id."""
        item = self.pane()[1].current
        if isinstance(item, Entry) and item.kind == "object":
            return ("openstack", "object", "show", item.container)
        return super().shows()

    @on(Table.Moved)
    def _moved_in_either(self) -> None:
        self.show_chosen()
        self._rest.begin()

    def on_descendant_focus(self) -> None:
        """Draw what is known of the chosen thing of the other list."""
        self.show_chosen()

    @on(Table.Chosen)
    def _open(self, event: Table.Chosen) -> None:
        item = getattr(event.lines, "current", None)
        if isinstance(item, Image):
            self.action_walk()
        elif isinstance(item, Entry) and item.kind == "object":
            self.action_hexdump()
        elif isinstance(item, Entry):
            self.container, self.prefix = item.container, item.name
            self.load_entries()

    def _up(self) -> None:
        above = self.prefix.rstrip("/").rpartition("/")[0]
        if self.prefix:
            self.prefix = f"{above}/" if above else ""
        else:
            self.container = ""
        self.load_entries()

    @work(exclusive=True, group="relate")
    async def _relate(self) -> None:
        """Ask where the chosen image's bytes are and who hangs on them."""
        item = self.pane()[1].current
        if not isinstance(item, Image) or self._related[0] == item.id:
            return
        with contextlib.suppress(ClientError):  # the lines that are known without it stay
            body = (await self.app.send(verbs.insides.xray("image", item.id))).body
            lines = [text for text, _, _ in tree(body["xray"], self.app.glyphs)][1:]
            self._related = (item.id, lines[:_RELATED_MAX])
            self.show_chosen()

    def _show_images(self) -> None:
        found = sorted(self.app.store.all(Image), key=images.KIND.order)
        self.beside(self.IMAGES).update(found)
        self._show_title()

    def _show_entries(self, found: list[Entry], why_not: str) -> None:
        self._entries = sorted(found, key=objects.KIND.order)
        self._objects.update(self._entries)
        self.query_one(f"#{self.OBJECTS}").border_subtitle = Content(clean(why_not))
        self._show_title()
        self.show_chosen()

    def _show_title(self) -> None:
        """Say over the lists how many there are, and where one is."""
        where = f"{self.container}/{self.prefix}" if self.container else "containers"
        for box, title in ((self.IMAGES, "Images"), (self.OBJECTS, f"Objects {where}")):
            table = self.beside(box)
            shown = f"{table.count()} of {table.total}" if table.filter_text else f"{table.total}"
            marked = f" {self.app.glyphs.dot} {len(table.marked)} marked" if table.marked else ""
            self.query_one(f"#{box}").border_title = Content(clean(f"{title} {shown}{marked}"))

    @property
    def _objects(self) -> Table[Any]:
        return self.beside(self.OBJECTS)

    def show_rows(self) -> None:
        """Draw the images; objects are drawn when they come."""
        self._show_images()

    @on(Input.Changed, "#filter")
    def _filtered(self) -> None:
        self.show_chosen()


class Images(Store):
    """Images first: the objects are beside."""

    KIND = images.KIND
    BESIDE: ClassVar[dict[str, Kind[Any]]] = {"objects": objects.KIND}
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("images")
    IMAGES, OBJECTS = "rows", "objects"


class Objects(Store):
    """Objects first: the images are beside."""

    KIND = objects.KIND
    BESIDE: ClassVar[dict[str, Kind[Any]]] = {"images": images.KIND}
    BINDINGS: ClassVar[list[BindingType]] = bindings.of("objects")
    IMAGES, OBJECTS = "images", "rows"
