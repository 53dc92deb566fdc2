"""Images and objects, driven by keys."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press, write
from tui.app import Tui
from tui.client.nouns import Entry, Image
from tui.screens.hexdump import Hexdump
from tui.screens.store import Objects, Store
from tui.screens.walk import Walk

DEBIAN, TINY = "ab2c0000-1111", "c1770000-0000-4000-8000-00000000c1c1"
IMAGE_ROWS = {"alpine": 0, "ami-tiny": 1, "debian-12": 3}
CONTAINER_ROWS = {"backups": 0, "empty": 1, "films": 2, "segments": 3}
V2 = "/image/v2/images"


def said(app: Tui) -> str:
    return "\n".join(notice.message for notice in app._notifications)


async def to_image(pilot: Pilot[None], name: str) -> None:
    await press(pilot, "3", *["down"] * IMAGE_ROWS[name])


async def to_container(pilot: Pilot[None], name: str, *keys: str) -> None:
    await press(pilot, "4", *["down"] * CONTAINER_ROWS[name], *keys)


def accept(cloud: FakeCloud) -> None:
    cloud.answers = {
        rf"(POST|PUT|PATCH|DELETE) {V2}/.*": (204, None),
        rf"POST {V2}": (201, {"id": "new"}),
        rf"GET {V2}/[^/]*/members": (200, {"members": [{"member_id": "p2", "status": "pending"}]}),
        rf"GET {V2}/[^/]*": (200, {"id": DEBIAN, "tags": ["web"], "os_distro": "d", "team": "db"}),
        r"POST /volume/v3/volumes": (202, {}),
        **cloud.answers,
    }


def _patch(path: str, value: Any, op: str = "replace") -> list[dict[str, Any]]:
    return [{"op": op, "path": path, "value": value}]


@pytest.mark.parametrize(
    ("keys", "typed", "expected"),
    [
        (["m"], [], ("PATCH", f"{V2}/{DEBIAN}", _patch("/visibility", "private"))),
        (["e"], [("-x", "enter")], ("PATCH", f"{V2}/{DEBIAN}", _patch("/name", "debian-12-x"))),
        (["P", "ctrl+s"], [], ("PATCH", f"{V2}/{DEBIAN}", _patch("/protected", True))),
        (["H", "right", "ctrl+s"], [], ("PATCH", f"{V2}/{DEBIAN}", _patch("/os_hidden", False))),
        (["D"], [], ("POST", f"{V2}/{DEBIAN}/actions/deactivate", None)),
        (["T"], [("a/b", "enter")], ("PUT", f"{V2}/{DEBIAN}/tags/a%2Fb", None)),
        (["ctrl+t", "ctrl+s", "y"], [], ("DELETE", f"{V2}/{DEBIAN}/tags/web", None)),
        (["S"], [("p2", "enter")], ("POST", f"{V2}/{DEBIAN}/members", {"member": "p2"})),
        (["ctrl+u", "ctrl+s", "y"], [], ("DELETE", f"{V2}/{DEBIAN}/members/p2", None)),
        (["A", "ctrl+s"], [], ("PUT", f"{V2}/{DEBIAN}/members/p2", {"status": "accepted"})),
        (["o"], [("team", "tab"), ("web", "enter")],
         ("PATCH", f"{V2}/{DEBIAN}", _patch("/team", "web", "add"))),
        (["ctrl+g", "ctrl+s", "y"], [],
         ("PATCH", f"{V2}/{DEBIAN}", [{"op": "remove", "path": "/team"}])),
        (["V", "ctrl+s"], [], ("POST", "/volume/v3/volumes", {
            "volume": {"name": "debian-12", "imageRef": DEBIAN, "size": 1}})),
        (["ctrl+d", "y"], [], ("DELETE", f"{V2}/{DEBIAN}", None)),
    ],
    ids=lambda value: value[0] if isinstance(value, list) and value and
    isinstance(value[0], str) else "",
)  # fmt: skip
def test_an_action_on_an_image_is_one_call(
    cloud: FakeCloud, keys: list[str], typed: list[tuple[str, str]], expected: Any
) -> None:
    accept(cloud)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_image(pilot, "debian-12")
        await press(pilot, *keys)
        for text, key in typed:
            await write(pilot, text, key)
        await stage.until(pilot, lambda: cloud.last_change[0])
        assert cloud.last_change == expected

    stage.play(cloud, scene)


def test_containers_are_entered_folder_by_folder_and_left_by_escape(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_container(pilot, "backups", "enter")
        screen = app.screen
        assert isinstance(screen, Objects)
        assert "Objects backups/ 2" in stage.text(app)
        await press(pilot, "enter")
        assert (screen.container, screen.prefix) == ("backups", "2026/")
        await press(pilot, "enter")
        assert "db.dump" in stage.text(app)
        await press(pilot, "escape", "escape", "escape")
        assert "Objects containers 4" in stage.text(app)
        await press(pilot, "escape")
        assert app.screen is screen

    stage.play(cloud, scene)


def test_containers_are_made_opened_to_all_and_removed(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        swift = cloud.swift
        await to_container(pilot, "empty", "n")
        await write(pilot, "new one", "enter")
        await stage.until(pilot, lambda: "new one/" in stage.text(app))
        assert "new one" in swift.containers
        for keys, name, value in (
            (["M", "ctrl+s"], "x-container-read", ".r:*,.rlistings"),
            (["v", "ctrl+s"], "x-versions-enabled", "true"),
        ):
            await press(pilot, *keys)
            await stage.until(pilot, lambda n=name, v=value: swift.headers.get(
                "empty", {}).get(n) == v)  # fmt: skip
        await press(pilot, "Q")
        await write(pilot, "1000", "enter")
        await stage.until(
            pilot, lambda: swift.headers["empty"].get("x-container-meta-quota-bytes") == "1000"
        )
        await press(pilot, "o")
        await write(pilot, "team", "tab")
        await write(pilot, "db", "enter")
        await stage.until(
            pilot, lambda: swift.headers["empty"].get("x-container-meta-team") == "db"
        )
        await press(pilot, "ctrl+d", "y")
        await stage.until(pilot, lambda: "empty" not in swift.containers)

    stage.play(cloud, scene)


def test_a_file_is_put_copied_expired_got_and_deleted(
    cloud: FakeCloud, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "notes.txt"
    file.write_bytes(b"notes" * 1000)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        swift = cloud.swift
        await to_container(pilot, "empty", "enter", "p")
        await write(pilot, str(file), "enter")
        await stage.until(pilot, lambda: swift.containers["empty"].get("notes.txt"))
        assert swift.containers["empty"]["notes.txt"] == file.read_bytes()
        await stage.until(pilot, lambda: "notes.txt" in stage.text(app))
        await press(pilot, "c")
        await write(pilot, ".bak", "enter")
        await stage.until(pilot, lambda: "notes.txt.bak" in swift.containers["empty"])
        swift.headers["empty/notes.txt"] = {"X-Object-Meta-Team": "db", "Content-Type": "text/x"}
        await press(pilot, "X")
        await write(pilot, "60", "enter")
        await stage.until(
            pilot, lambda: swift.headers["empty/notes.txt"].get("x-delete-after") == "60"
        )
        assert swift.headers["empty/notes.txt"]["x-object-meta-team"] == "db"
        await press(pilot, "f")
        await stage.until(pilot, lambda: "is there already" in said(app))
        file.unlink()
        await press(pilot, "f")
        await stage.until(pilot, file.exists)
        assert file.read_bytes() == b"notes" * 1000
        await press(pilot, "ctrl+d", "y")
        await stage.until(pilot, lambda: "notes.txt" not in swift.containers["empty"])

    stage.play(cloud, scene)


def test_an_image_is_uploaded_from_a_file_and_imported_from_the_web(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    accept(cloud)
    file = tmp_path / "disk.qcow2"
    file.write_bytes(b"QFI" * 1000)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await press(pilot, "3", "i")
        await write(pilot, str(file), "tab")
        await write(pilot, "mine", "enter")
        await stage.until(pilot, lambda: cloud.image_data.get("new") == file.read_bytes())
        document = {"name": "mine", "disk_format": "qcow2", "container_format": "bare"}
        assert ("POST", V2, document) in cloud.calls
        await press(pilot, "I")
        await write(pilot, "https://example.org/a.img", "tab")
        await write(pilot, "far", "enter")
        body = {"method": {"name": "web-download", "uri": "https://example.org/a.img"}}
        await stage.until(pilot, lambda: cloud.last_change == ("POST", f"{V2}/new/import", body))
        await press(pilot, "i")
        await write(pilot, "/no/such/file", "tab")
        await write(pilot, "x", "enter")
        await stage.until(pilot, lambda: "no such file" in said(app))

    stage.play(cloud, scene)


def test_escape_stops_an_upload_and_takes_the_empty_image_back(
    cloud: FakeCloud, tmp_path: Path
) -> None:
    accept(cloud)
    file = tmp_path / "disk.qcow2"
    file.write_bytes(b"QFI" * 1000)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        cloud.holds_uploads = asyncio.Event()
        await press(pilot, "3", "i")
        await write(pilot, str(file), "tab")
        await write(pilot, "mine")
        app.simulate_key("enter")
        await stage.until(pilot, lambda: "upload disk.qcow2" in stage.text(app))
        app.simulate_key("escape")
        await stage.until(pilot, lambda: cloud.last_change == ("DELETE", f"{V2}/new", None))
        assert "upload disk.qcow2" not in stage.text(app)
        assert cloud.image_data == {}

    stage.play(cloud, scene)


def test_bytes_are_read_where_one_looks(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_container(pilot, "films", "enter", "h")
        assert isinstance(app.screen, Hexdump)
        await stage.until(pilot, lambda: "41 41 41" in stage.text(app))
        await press(pilot, "g")
        await write(pilot, "0x4e20", "enter")
        await stage.until(pilot, lambda: "00004e20  43 43 43" in stage.text(app))
        await press(pilot, "g")
        await write(pilot, "nowhere", "enter")
        await stage.until(pilot, lambda: "nowhere is no place" in said(app))
        await press(pilot, "escape")
        assert isinstance(app.screen, Store)

    stage.play(cloud, scene)


def test_a_walk_goes_from_the_row_to_the_bytes(cloud: FakeCloud) -> None:
    cloud.image_data[DEBIAN] = b"debian" * 100

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_image(pilot, "debian-12")
        await press(pilot, "W")
        assert isinstance(app.screen, Walk)
        assert "└─ object in swift  ● there  swift://glance/" in stage.text(app)
        await press(pilot, "down", "enter")
        await stage.until(pilot, lambda: "64 65 62 69 61 6e" in stage.text(app))
        await press(pilot, "escape", "escape")
        await to_container(pilot, "films", "W")
        assert isinstance(app.screen, Store)  # a container has no bytes of its own
        await press(pilot, "enter", "W")
        assert "a manifest of 3 segments" in stage.text(app)
        await press(pilot, "down", "down", "enter")
        await stage.until(pilot, lambda: "42 42 42" in stage.text(app))

    stage.play(cloud, scene)


def test_a_checksum_is_computed_and_held_against_what_is_written_down(cloud: FakeCloud) -> None:
    data = b"debian" * 100
    cloud.image_data[DEBIAN] = data
    document = {"os_hash_algo": "sha512", "os_hash_value": hashlib.sha512(data).hexdigest()}
    cloud.answers[f"GET {V2}/{DEBIAN}"] = (200, document)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_image(pilot, "debian-12")
        await press(pilot, "K")
        await stage.until(pilot, lambda: "sha512 is right" in said(app))
        cloud.image_data[DEBIAN] = b"x"
        await press(pilot, "K")
        await stage.until(pilot, lambda: "written down is" in said(app))

    stage.play(cloud, scene)


def test_what_hangs_together_is_told_below(cloud: FakeCloud) -> None:
    cloud.swift.containers["empty"][f"{DEBIAN}-00001"] = b"part"

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_image(pilot, "debian-12")
        await stage.until(pilot, lambda: "cache on box1  ● cached" in stage.text(app))
        await press(pilot, "tab", "down", "enter")
        await stage.until(pilot, lambda: "holds bytes of the image debian-12" in stage.text(app))

    stage.play(cloud, scene)


def test_an_object_offers_what_works_on_objects_only(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_image(pilot, "debian-12")
        assert "r run from it" in stage.text(app)
        await press(pilot, "tab")
        assert "r run from it" not in stage.text(app)
        assert "h hexdump" not in stage.text(app), "a container has no bytes"
        target = app.target()
        assert target is not None
        assert isinstance(target.noun, Entry)
        await press(pilot, "tab")
        target = app.target()
        assert target is not None
        assert isinstance(target.noun, Image)

    stage.play(cloud, scene)


def test_a_container_and_an_object_are_looked_through(cloud: FakeCloud) -> None:
    cloud.swift.containers["empty"]["a/b"] = b"part"

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_container(pilot, "empty", "x")
        await stage.until(pilot, lambda: type(app.screen).__name__ == "Xray")
        await press(pilot, "escape", "enter")
        await stage.until(pilot, lambda: "a/" in stage.text(app))
        await press(pilot, "enter", "down", "x")
        await stage.until(pilot, lambda: len(asked()) == 2)
        assert asked() == [
            "/novabox/v1/xray/container/empty", "/novabox/v1/xray/object/empty%2Fa%2Fb",
        ]  # fmt: skip

    def asked() -> list[str]:
        return [path for _, path, _ in cloud.calls if "/xray/" in path and "/image/" not in path]

    stage.play(cloud, scene)


def test_a_store_that_does_not_answer_says_why(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await to_container(pilot, "films", "enter")
        del cloud.swift.containers["films"]
        assert isinstance(app.screen, Store)
        app.screen.load_entries()
        await stage.until(pilot, lambda: "no such container" in stage.text(app))

    stage.play(cloud, scene)
