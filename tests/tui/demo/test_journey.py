"""The whole job against a cloud in this process, with an ssh that only says yes or no."""

from __future__ import annotations

import asyncio
import io
import stat
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.tui.demo.job_cloud import JobCloud
from tests.tui.fake_cloud import ENVIRON
from tui import glyphs
from tui.client import credentials
from tui.client.errors import Refused
from tui.client.session import Session
from tui.demo import journey
from tui.demo.failure import DemoFailed
from tui.demo.journey import Outcome
from tui.demo.teller import Teller

BUILDER = """#!/bin/sh
# build-tiny --out DIR
mkdir -p "$2"
for name in vmlinuz initrd img qcow2; do echo "$name of $VERSION" > "$2/ami-tiny.$name"; done
echo '{"kernel_command_line": "quiet"}' > "$2/ami-tiny.json"
"""


@dataclass
class World:
    """The folders, the cloud and what was told."""

    folder: Path
    cloud: JobCloud
    told: io.StringIO = field(default_factory=io.StringIO)

    def go(self) -> Outcome:
        """Do the job once."""
        outcome = Outcome()
        self.told = io.StringIO()
        teller = Teller(glyphs.ASCII, self.told)

        async def run() -> None:
            async with Session(credentials.find(ENVIRON), transport=self.cloud) as session:
                await journey.go(
                    session,
                    build=[str(self.folder / "build-tiny")],
                    folder=self.folder / "keys",
                    outcome=outcome,
                    teller=teller,
                )

        asyncio.run(run())
        return outcome


def program(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    program(tmp_path / "build-tiny", BUILDER)
    program(tmp_path / "ssh", "#!/bin/sh\nexit 0\n")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("VERSION", "one")
    return World(tmp_path, JobCloud(tmp_path))


def test_from_nothing_to_a_login(world: World) -> None:
    outcome = world.go()
    images = {image["name"]: image for image in world.cloud.images.values()}
    assert {"ami-tiny", "ami-tiny-kernel", "ami-tiny-ramdisk", "ami-tiny-disk"} == set(images)
    assert images["ami-tiny"]["kernel_id"] == images["ami-tiny-kernel"]["id"]
    assert images["ami-tiny"]["ramdisk_id"] == images["ami-tiny-ramdisk"]["id"]
    assert images["ami-tiny"]["os_command_line"] == "quiet"
    assert [rule["protocol"] for rule in world.cloud.rules] == ["tcp", "icmp"]
    assert outcome.address == "10.0.0.5"
    assert [one.what for one in outcome.guest] == ["kernel up", "addr eth0=10.0.0.5/24"]
    assert "client -> api" in world.told.getvalue()
    assert outcome.document(Teller(glyphs.ASCII, io.StringIO()))["hops"] == 1


def test_the_private_key_is_for_its_owner_only(world: World) -> None:
    key = world.go().key
    assert key is not None
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_second_run_changes_nothing(world: World) -> None:
    first = world.go()
    before = (dict(world.cloud.images), dict(world.cloud.keys), dict(world.cloud.servers))
    second = world.go()
    assert before == (world.cloud.images, world.cloud.keys, world.cloud.servers)
    assert first.server == second.server
    assert world.told.getvalue().count("there already") == 5


def test_another_build_takes_the_place_of_the_old_images(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.go()
    before = set(world.cloud.images)
    monkeypatch.setenv("VERSION", "two")
    world.go()
    assert len(world.cloud.images) == 4
    assert not before & set(world.cloud.images)


def test_a_lost_private_key_is_made_anew_with_the_server_that_needed_it(world: World) -> None:
    first = world.go()
    assert first.key
    assert first.server
    first.key.unlink()
    second = world.go()
    assert second.server
    assert second.key
    assert second.key.is_file()
    assert first.server.id != second.server.id
    assert [second.server.id] == list(world.cloud.servers)


def test_a_server_in_error_says_why_and_the_next_run_replaces_it(world: World) -> None:
    world.cloud.fault = "No valid host was found"
    with pytest.raises(DemoFailed, match="No valid host was found"):
        world.go()
    world.cloud.fault = ""
    assert world.go().server
    assert len(world.cloud.servers) == 1


def test_a_cut_upload_leaves_no_image_behind(world: World) -> None:
    world.cloud.cut_upload = True
    with pytest.raises(Refused, match="the store is full"):
        world.go()
    assert world.cloud.images == {}


def test_a_build_that_fails_is_told_with_its_status(world: World) -> None:
    program(world.folder / "build-tiny", "#!/bin/sh\nexit 3\n")
    with pytest.raises(DemoFailed, match="status 3"):
        world.go()
