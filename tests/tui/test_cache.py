"""What was last seen: kept for its owner only, shown at once with its age, and never trusted."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import ENVIRON, NOW_S, FakeCloud
from tui import cache
from tui.app import Tui
from tui.client import credentials, nouns
from tui.client.session import Session

WHO = credentials.find(ENVIRON)


def run(cloud: FakeCloud, path: Path, *, now_s: float = NOW_S) -> str:
    """Start the app with a cache, wait for what there is to see, and return it."""

    async def play() -> str:
        app = Tui(
            WHO, now_s=lambda: now_s, cached=path,
            open_session=lambda who: Session(who, transport=cloud),
        )  # fmt: skip
        async with app.run_test(size=stage.SMALL) as pilot:
            await stage.settle(pilot)
            if not cloud.is_down:
                await stage.until(pilot, lambda: app.store.rev == cloud.rev)
                await stage.settle(pilot)
            return stage.text(app)

    return asyncio.run(play())


def test_a_cloud_that_does_not_answer_is_shown_as_it_was_with_its_age(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    path = tmp_path / "novabox" / "seen.json"
    run(cloud, path)
    cloud.is_down = True
    shown = run(cloud, path, now_s=NOW_S + 7200)
    assert "stale 2h" in shown
    assert "6/16" in shown


def test_what_the_cloud_says_takes_the_place_of_what_was_kept(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    path = tmp_path / "seen.json"
    run(cloud, path)
    cloud.objects["instance"].clear()
    assert "db-old" not in run(cloud, path)


def test_it_is_for_its_owner_only_and_holds_no_secret(cloud: FakeCloud, tmp_path: Path) -> None:
    path = tmp_path / "novabox" / "seen.json"
    run(cloud, path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    said = path.read_text()
    assert "web-3" in said
    assert not {word for word in ("secret", *cloud.valid_tokens) if word in said}


@pytest.mark.parametrize(
    "content", ["", "{", '{"format": 99, "at_s": 1, "objects": {}}', '{"format": 1}',
                '{"format": 1, "at_s": 1, "objects": {"instance": [{"id": 5}]}}', "\0\xff"],
)  # fmt: skip
def test_what_cannot_be_read_is_as_if_it_were_not_there(tmp_path: Path, content: str) -> None:
    path = tmp_path / "seen.json"
    path.write_text(content)
    assert cache.load(path) is None


def test_a_folder_that_cannot_be_made_ends_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    cache.save(tmp_path / "file" / "seen.json", cache.Seen(at_s=1.0, objects={}))


def test_a_kind_with_too_many_is_not_kept(tmp_path: Path) -> None:
    crowd: list[nouns.Noun] = [nouns.Image(id=str(number)) for number in range(5_001)]
    one: list[nouns.Noun] = [nouns.Volume(id="v")]
    cache.save(tmp_path / "s", cache.Seen(at_s=1.0, objects={"image": crowd, "volume": one}))
    assert cache.load(tmp_path / "s") == cache.Seen(at_s=1.0, objects={"volume": one})


def test_each_cloud_project_and_user_has_a_file_of_its_own() -> None:
    changed = [
        credentials.find(ENVIRON | {name: "other"})
        for name in ("OS_AUTH_URL", "OS_USERNAME", "OS_PROJECT_NAME", "OS_USER_DOMAIN_NAME")
    ]
    paths = {cache.path_for(who, {"XDG_CACHE_HOME": "/c"}) for who in (WHO, *changed)}
    assert len(paths) == 5
    again = credentials.find(ENVIRON | {"OS_PASSWORD": "changed"})
    assert cache.path_for(again, {"XDG_CACHE_HOME": "/c"}) in paths
    assert os.fspath(cache.path_for(WHO, {"HOME": "/h"})).startswith("/h/.cache/novabox/seen-")


def test_an_hour_without_changes_rests(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        cloud.put("topic", **dict(cloud.objects["topic"]["compute.box1"], is_paused=False))
        await stage.settle(pilot)
        assert app.store.is_restless
        app.now_s = lambda: NOW_S + 70.0
        app.store._now_s = app.now_s
        assert not app.store.is_restless
        app._tick()
        await stage.settle(pilot)
        assert app.is_resting
        assert stage.text(app).splitlines()[0].endswith("14:14")
        cloud.put("instance", id="new", name="web-9")
        await stage.until(pilot, lambda: not app.is_resting)
        await stage.settle(pilot)
        assert stage.text(app).splitlines()[0].endswith("14:14:30")

    stage.play(cloud, scene)
