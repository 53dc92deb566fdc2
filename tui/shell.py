"""What is around every screen: where one was, letters to jump by, layouts, the mask, copying.

A part of the application; knows screens by name only.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from textual.app import App
from textual.screen import Screen

from tui import keymaps, places, preferences, registry, themes
from tui.history import History
from tui.privacy import Mask

if TYPE_CHECKING:
    from tui.store import Store

R = TypeVar("R")
CLIPBOARD_BYTES_MAX: Final = 74_994  # what terminals take by OSC 52, after k9s
_LAYOUTS: Final = ("", "-alone", "-under", "-beside")
_DEAF: Final = ("linux", "vt220", "vt100")  # terminals that have no clipboard


class Shell(App[R]):
    """The part of the app that no kind of object matters to.

    What raises NotImplementedError is the app's own to say: see ``tui.app``.
    """

    store: Store

    def __init__(self, *arguments: Any, **fields: Any) -> None:
        super().__init__(*arguments, **fields)
        self.history = History("home")
        self.mask = Mask(self._names)
        self._filters.append(self.mask)
        self._is_retracing = False

    def say(self, text: str, *, is_error: bool = False) -> None:
        """Show a short-lived line."""
        raise NotImplementedError

    def action_go(self, view: str) -> None:
        """Show one of the numbered screens as it was left."""
        raise NotImplementedError

    async def action_open(self, view: str, key: str = "", text: str = "") -> None:
        """Show a screen with the cursor on an object, or filtered."""
        raise NotImplementedError

    def note_view(self, view: str) -> None:
        """Remember that ``view`` is shown, unless that is what going back did."""
        if not self._is_retracing:
            self.history.visit(view)

    def action_last(self) -> None:
        """Show the view that was shown before."""
        self.action_go(self.history.last)

    def action_history(self, by: int) -> None:
        """Go back or forth among the views that were shown."""
        view = self.history.step(by)
        if view:
            self._is_retracing = True
            try:
                self.action_go(view)
            finally:
                self._is_retracing = False

    def action_jump(self) -> None:
        """Put a letter on each part of the screen."""
        self.push_screen(made("jump", "Jump", below=self.screen))

    def action_menu(self) -> None:
        """Show all that can be done here as a menu."""
        self.push_screen(made("palette", "Menu", below=self.screen))

    def action_palette(self) -> None:
        """Ask for an action or an object anywhere."""
        self.push_screen(made("palette", "Palette", below=self.screen))

    def action_command(self) -> None:
        """Ask for a command."""
        self.push_screen(made("command", "Command"))

    async def action_perform(self, action_id: str, view: str, key: str = "") -> None:
        """Go to a view, to an object in it, and do there what the action does."""
        await self.action_open(view, key)
        action = registry.BY_ID[action_id]
        await self.run_action(action.does or f"app.act({action_id!r})")

    def action_layout(self) -> None:
        """Show list and detail in another way: as it comes, alone, one under the other, beside."""
        classes = self.screen.classes
        now = next((name for name in _LAYOUTS[1:] if name in classes), "")
        following = _LAYOUTS[(_LAYOUTS.index(now) + 1) % len(_LAYOUTS)]
        self.screen.remove_class(*_LAYOUTS[1:])
        if following:
            self.screen.add_class(following)

    def action_maximise(self) -> None:
        """Give the part that has the focus the whole screen, or give it back."""
        screen: Screen[Any] = self.screen
        if screen.maximized is not None:
            screen.minimize()
        elif (focused := self.focused) is not None:
            screen.maximize(focused)

    def action_mask(self) -> None:
        """Hide names, ids and addresses on all screens, or show them again."""
        self.mask.enabled = not self.mask.enabled
        self.mask.learn()
        for screen in self.screen_stack:
            for widget in (screen, *screen.query("*")):
                widget.notify_style_update()
                widget.refresh()
        self.say(
            "names, ids and addresses are masked" if self.mask.enabled else "nothing is masked"
        )

    def action_theme(self, name: str) -> None:
        """Show another theme, and keep it for the next time."""
        try:
            themes.use(self, name)
            preferences.keep(os.environ, theme=name)
        except KeyError as error:
            self.say(str(error.args[0]), is_error=True)
        except (preferences.Unreadable, OSError) as error:
            self.say(f"the theme is not kept: {error}", is_error=True)

    def action_keymap(self, name: str) -> None:
        """Take the keys of a preset, and keep that for the next time."""
        try:
            self.set_keymap(dict(keymaps.load(os.environ, wanted=name)))
            preferences.keep(os.environ, keys=name)
        except (keymaps.Unusable, preferences.Unreadable, OSError) as error:
            self.say(str(error), is_error=True)

    def action_copy(self, text: str) -> None:
        """Copy a text: to the terminal's clipboard, and to a file where that cannot be."""
        size = len(text.encode())
        is_web = self._driver is not None and self._driver.is_web
        if size <= CLIPBOARD_BYTES_MAX and (is_web or os.environ.get("TERM", "") not in _DEAF):
            self.copy_to_clipboard(text)
            self.say(f"copied: {text.splitlines()[0][:200] if text else ''}")
        else:
            self._copy_to_file(text)

    def _copy_to_file(self, text: str) -> None:
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        path = Path(state) / "novabox" / "clipboard"
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
                out.write(text)
            self.say(f"no clipboard takes {len(text)} characters here: they are in {path}")
        except OSError as error:
            self.say(f"not copied: {error}", is_error=True)

    def _names(self) -> Iterable[str]:
        """Return every name that a screen may show."""
        who: Any = getattr(self, "who", None)
        if who is not None:
            yield from (who.project_name, who.username)
        for place in places.PLACES:
            if place.kind:
                kind = place.listed()
                if kind.topic in _PRIVATE:
                    yield from (kind.name(noun) for noun in self.store.all(kind.noun))
        from tui.client import nouns

        yield from (host.name for host in self.store.all(nouns.Host))
        yield from (network.name for network in self.store.all(nouns.Network))


_PRIVATE: Final = frozenset({
    "instance", "image", "volume", "snapshot", "network", "subnet", "port", "router", "key_pair",
    "security_group", "project", "user", "host", "container", "object", "server_group",
})  # fmt: skip
"""The kinds whose names are somebody's; a queue's or a service's is everybody's."""


def made(module: str, name: str, **fields: object) -> Screen[Any]:
    """Import a screen's module, and make the screen."""
    make: Callable[..., Screen[Any]] = getattr(
        importlib.import_module(f"tui.screens.{module}"), name
    )
    return make(**fields)
