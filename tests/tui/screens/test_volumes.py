"""The volumes' screen, driven by keys: each action makes the call that its API has for it."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press, write
from tui.app import Tui
from tui.screens.form import Form
from tui.screens.volumes import Volumes

ROOT = "/volume/v3"
PGDATA, BACKUP = "07000000-0000-4000-8000-00000000v01d", "06000000-0000-4000-8000-00000000v01d"
NEWEST = "12000000-0000-4000-8000-00000000517a"
CI_07, WEB_1 = "0c000000-0000-4000-8000-000000000000", "1d000000-0000-4000-8000-000000000000"
ROWS = {"backup": 0, "old-home": 1, "pgdata": 2, "scratch": 3}


async def to(pilot: Pilot[None], name: str) -> None:
    await press(pilot, "5", *["down"] * ROWS[name])


def accept(cloud: FakeCloud) -> None:
    cloud.answers = {
        r"(POST|PUT|DELETE) /volume/v3/.*": (202, {}),
        r"POST /compute/v2.1/servers/.*/os-volume_attachments": (200, {}),
        r"GET /volume/v3/.*/metadata": (200, {"metadata": {"team": "db"}}),
        **cloud.answers,
    }


@pytest.mark.parametrize(
    ("name", "keys", "typed", "expected"),
    [
        ("backup", ["n"], [("data", "tab"), ("", "enter")],
         ("POST", f"{ROOT}/volumes", {"volume": {"name": "data", "size": 1}})),
        ("pgdata", ["p"], [("evening", "enter")],
         ("POST", f"{ROOT}/snapshots",
          {"snapshot": {"volume_id": PGDATA, "name": "evening", "force": True}})),
        ("pgdata", ["r"], [("0", "enter")],
         ("POST", f"{ROOT}/volumes/{PGDATA}/action", {"os-extend": {"new_size": 400}})),
        ("pgdata", ["C"], [("-copy", "enter")],
         ("POST", f"{ROOT}/volumes",
          {"volume": {"name": "pgdata-copy", "size": 40, "source_volid": PGDATA}})),
        ("backup", ["e"], [("-2", "enter")],
         ("PUT", f"{ROOT}/volumes/{BACKUP}", {"volume": {"name": "backup-2"}})),
        ("backup", ["E"], [("nightly", "enter")],
         ("PUT", f"{ROOT}/volumes/{BACKUP}",
          {"volume": {"name": "backup", "description": "nightly"}})),
        ("backup", ["B"], [],
         ("POST", f"{ROOT}/volumes/{BACKUP}/action", {"os-set_bootable": {"bootable": True}})),
        ("backup", ["m"], [("team", "tab"), ("db", "enter")],
         ("POST", f"{ROOT}/volumes/{BACKUP}/metadata", {"metadata": {"team": "db"}})),
        ("backup", ["ctrl+d", "y"], [],
         ("DELETE", f"{ROOT}/volumes/{BACKUP}", None)),
        ("backup", ["ctrl+x"], [("backup", "enter")],
         ("DELETE", f"{ROOT}/volumes/{BACKUP}?cascade=true", None)),
    ],
    ids=lambda value: value[0] if isinstance(value, list) and value else None,
)  # fmt: skip
def test_an_action_on_a_volume_is_one_call(
    cloud: FakeCloud, name: str, keys: list[str], typed: list[tuple[str, str]], expected: Any
) -> None:
    accept(cloud)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to(pilot, name)
        await press(pilot, *keys)
        for text, key in typed:
            await write(pilot, text, key)
        await stage.until(pilot, lambda: cloud.last_change == expected or _wrong(cloud, expected))

    stage.play(cloud, scene)


def _wrong(cloud: FakeCloud, expected: Any) -> bool:
    assert cloud.last_change[0] == "" or cloud.last_change == expected
    return False


def test_a_volume_is_attached_to_the_chosen_instance(cloud: FakeCloud) -> None:
    accept(cloud)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to(pilot, "backup")
        await press(pilot, "V")
        assert isinstance(app.screen, Form)
        assert "ci-07" in stage.text(app)
        await press(pilot, "right", "ctrl+s")
        path = f"/compute/v2.1/servers/{WEB_1}/os-volume_attachments"
        wanted = ("POST", path, {"volumeAttachment": {"volumeId": BACKUP}})
        await stage.until(pilot, lambda: cloud.last_change == wanted)

    stage.play(cloud, scene)


def test_what_a_state_forbids_is_not_offered(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to(pilot, "pgdata")
        assert "V attach" not in stage.text(app)
        assert "^e detach" in stage.text(app)
        await press(pilot, "up", "up")
        assert "V attach" in stage.text(app)
        assert "^e detach" not in stage.text(app)

    stage.play(cloud, scene)


def test_a_snapshot_is_restored_renamed_and_deleted_in_its_own_list(cloud: FakeCloud) -> None:
    accept(cloud)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to(pilot, "pgdata")
        await press(pilot, "tab")
        assert "R restore to new" in stage.text(app)
        await press(pilot, "R")
        await write(pilot, "-back", "enter")
        wanted = {"name": "before-upgrade-back", "size": 40, "snapshot_id": NEWEST}
        await stage.until(
            pilot, lambda: cloud.last_change == ("POST", f"{ROOT}/volumes", {"volume": wanted})
        )
        await press(pilot, "e")
        await write(pilot, "-1", "enter")
        renamed = {"snapshot": {"name": "before-upgrade-1"}}
        await stage.until(
            pilot, lambda: cloud.last_change == ("PUT", f"{ROOT}/snapshots/{NEWEST}", renamed)
        )
        await press(pilot, "ctrl+g")
        await press(pilot, "ctrl+s")
        await press(pilot, "y")
        path = f"{ROOT}/snapshots/{NEWEST}/metadata/team"
        await stage.until(pilot, lambda: cloud.last_change == ("DELETE", path, None))
        await press(pilot, "ctrl+d", "y")
        await stage.until(
            pilot, lambda: cloud.last_change == ("DELETE", f"{ROOT}/snapshots/{NEWEST}", None)
        )

    stage.play(cloud, scene)


def test_the_lineage_and_what_is_really_used_are_shown(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to(pilot, "pgdata")
        assert isinstance(app.screen, Volumes)
        shown = stage.text(app)
        assert "now ── ■ before-upgrade 13m ── ■ noon 2h ── ■ yesterday 1d" in shown
        assert "└─ backup made from noon" in shown
        assert "ci-07 /dev/vdb ▸ iSCSI 127.0.0.1:3261 LUN 1 ▸ sparse 07000000" in shown
        assert "14.0 GiB" in shown
        assert "62 GiB allocated, 20.0 GiB really used" in shown
        await press(pilot, "up", "up")
        assert "now ── from snapshot noon" in stage.text(app)

    stage.play(cloud, scene)


def test_what_nobody_knows_is_a_dash(cloud: FakeCloud) -> None:
    refusal = {"forbidden": {"message": "no"}}
    cloud.answers[r"GET /novabox/v1/xray/volumes"] = (403, refusal)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to(pilot, "pgdata")
        assert "really used" not in stage.text(app)
        assert "62 GiB allocated" in stage.text(app)

    stage.play(cloud, scene)
