"""`python -m tests.tui.pictures [FOLDER]`: every place as an SVG, from the tests' cloud.

Places come from `tui.places`; each is drawn dark at 100 by 30, and Home also light and as a bare
Linux console shows it. The same code draws the same pictures: a diff is a change of a screen.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

from tests.tui import box1, stage
from tests.tui.fake_cloud import ENVIRON, NOW_S
from tui import glyphs, places, screenshot, themes
from tui.app import Tui
from tui.client import credentials
from tui.client.session import Session
from tui.glyphs import Glyphs

SIZE: Final = (100, 30)
_MORE: Final = {
    "run": "run_form", "palette": "palette", "keys": "help", "theatre": f"trace('{box1.LAUNCH}')",
}  # fmt: skip
_LOOKS: Final = (("light", glyphs.UNICODE), ("ansi", glyphs.TTY))


async def draw(folder: Path, *, theme: str, signs: Glyphs, names: list[str], suffix: str) -> None:
    """Write the pictures of these places in one look."""
    cloud = box1.build()
    app = Tui(
        credentials.find(ENVIRON), signs=signs, now_s=lambda: NOW_S,
        open_session=lambda who: Session(who, transport=cloud),
    )  # fmt: skip
    async with app.run_test(size=SIZE) as pilot:
        themes.use(app, theme)
        await stage.until(pilot, lambda: app.store.rev == cloud.rev)
        for name in names:
            if name in _MORE:
                await app.action_open("instances")
                await stage.settle(pilot)
                await app.run_action(_MORE[name])
            else:
                await app.action_open(name)
            await stage.settle(pilot)
            await pilot.pause(0.8)  # a form asks a little after it was filled in
            svg = screenshot.portable(app.export_screenshot(title="novabox"))
            (folder / f"{name}{suffix}.svg").write_text(svg)
            while len(app.screen_stack) > 1:
                app.pop_screen()
                await pilot.pause(0)


def main(arguments: list[str]) -> int:
    """Draw them all."""
    os.environ |= {"TZ": "UTC", "TERM": "xterm-256color"}
    folder = Path(arguments[0] if arguments else "docs/images")
    folder.mkdir(parents=True, exist_ok=True)
    names = [*(place.name for place in places.PLACES), *_MORE]
    asyncio.run(draw(folder, theme="dark", signs=glyphs.UNICODE, names=names, suffix=""))
    for theme, signs in _LOOKS:
        some = ["home", "instances"]
        asyncio.run(draw(folder, theme=theme, signs=signs, names=some, suffix=f"-{theme}"))
    print(f"{len(names) + 2 * len(_LOOKS)} pictures in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
