"""Entries into a real Image API and object store, in processes of their own."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from appliance import clock
from appliance import credentials as logins
from tests.services.image import disks
from tests.system.image_processes import ImageProcesses
from tests.tui.catalog.web import Web, serving
from tui.catalog import fetching
from tui.catalog.download import Source
from tui.catalog.entries import Entry
from tui.catalog.failure import FetchFailed
from tui.catalog.fetching import Fetched, Wish
from tui.catalog.progress import At, Teller
from tui.catalog.shelf import Shelf
from tui.client import credentials, verbs
from tui.client.errors import Refused
from tui.client.publisher import Publisher
from tui.client.session import Session

FILE = "/disk.qcow2"


class Interrupting(Teller):
    """Stops the command, as Ctrl-C does, once some bytes of what it waits for have gone."""

    verb = "uploading"

    @contextmanager
    def amount(self, name: str, verb: str, *, total_bytes: int | None) -> Iterator[At]:
        task = asyncio.current_task()
        assert task is not None

        def at(done_bytes: int) -> None:
            if verb == self.verb and done_bytes:
                task.cancel()

        yield at


@dataclass
class World:
    """A cloud, a publisher, a shelf."""

    processes: ImageProcesses
    web: Web
    place: Shelf
    told: io.StringIO = field(default_factory=io.StringIO)
    teller: Teller = field(init=False)
    entry: Entry = field(init=False)

    def __post_init__(self) -> None:
        self.teller = Teller(self.told)
        self.entry = Entry(
            name=self.place.folder.parent.name.replace("_", "-"),  # no test sees another's images
            title="Disk", os_distro="none", os_version="1", user="me", algorithm="sha512",
            url=self.web.url + FILE, checksums=f"{self.web.url}/SHA512SUMS", min_ram_mib=64,
        )  # fmt: skip

    def publish(self, data: bytes) -> None:
        """Let the publisher have a new release."""
        self.web.files[FILE] = data
        self.web.files["/SHA512SUMS"] = f"{hashlib.sha512(data).hexdigest()}  disk.qcow2\n".encode()

    def fetch(self, *, user: str = "admin", **wish: Any) -> Fetched:
        async def story(session: Session) -> Fetched:
            async with Publisher(silent_s=20.0) as publisher:
                source = Source(publisher=publisher, pauses_s=())
                return await fetching.fetch(
                    session, source, self.entry,
                    wish=Wish(**wish), place=self.place, teller=self.teller,
                )  # fmt: skip

        return asyncio.run(self._as(user, story))

    def images(self, query: str = "", *, user: str = "admin") -> list[dict[str, Any]]:
        """What the Image API lists of this entry."""

        async def story(session: Session) -> list[dict[str, Any]]:
            call = verbs.image.tagged_images(fetching.TAG)
            answer = await session.send(replace(call, path=call.path + query))
            every: list[dict[str, Any]] = answer.body["images"]
            return [image for image in every if image["novabox_catalog"] == self.entry.name]

        return asyncio.run(self._as(user, story))

    def add_queued(self, made_at: str) -> str:
        """An image that waits for its data since then."""
        fields = {"name": "x", "tags": [fetching.TAG], "novabox_catalog": self.entry.name}

        async def story(session: Session) -> str:
            answer = await session.send(verbs.image.create_image(fields))
            return str(answer.body["id"])

        image_id: str = asyncio.run(self._as("admin", story))
        with self.processes.db.transaction() as tx:
            tx.execute("UPDATE images SET created_at = ? WHERE id = ?", (made_at, image_id))
        return image_id

    async def _as(self, user: str, story: Any) -> Any:
        environ = logins.openstack_environment(self.processes.settings, user)
        async with Session(credentials.find(environ)) as session:
            return await story(session)


@pytest.fixture(scope="module")
def processes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImageProcesses]:
    made = ImageProcesses(tmp_path_factory.mktemp("home"))
    made.start()
    yield made
    made.close()
    print(made.logs())


@pytest.fixture
def world(
    processes: ImageProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(Web()) as web:
        made = World(processes, web, Shelf(tmp_path / "cache"))
        made.publish(disks.qcow2() + os.urandom(3 << 20))
        yield made


def test_an_admins_image_is_everybodys_and_says_what_it_is(world: World) -> None:
    done = world.fetch()
    (image,) = world.images(user="demo")
    assert done.is_new
    assert done.image.id == image["id"]
    assert (image["status"], image["visibility"]) == ("active", "public")
    assert (image["name"], image["os_distro"], image["os_version"]) == (
        world.entry.name, "none", "1",
    )  # fmt: skip
    assert (image["min_ram"], image["architecture"]) == (64, "x86_64")
    assert (image["os_admin_user"], image["hw_disk_bus"]) == ("me", "virtio")
    assert image["os_hash_value"] == hashlib.sha512(world.web.files[FILE]).hexdigest()
    assert f"sha512:{image['os_hash_value']}" == image["novabox_catalog_checksum"]
    assert list(world.place.folder.iterdir()) == []


def test_anybody_elses_is_their_projects(world: World) -> None:
    world.fetch(user="demo")
    (image,) = world.images(user="demo")
    assert image["visibility"] == "private"


def test_an_admin_may_keep_one_private(world: World) -> None:
    world.fetch(visibility="private")
    assert [image["visibility"] for image in world.images()] == ["private"]
    assert world.images(user="demo") == []


def test_only_an_admin_may_publish_and_nothing_is_left_of_who_tried(world: World) -> None:
    with pytest.raises(Refused) as caught:
        world.fetch(user="demo", visibility="public")
    assert caught.value.status == 403
    assert world.images() == []
    assert "could not be deleted" not in world.told.getvalue()  # there was none


def test_a_second_time_nothing_is_downloaded(world: World) -> None:
    first = world.fetch()
    second = world.fetch()
    assert (second.is_new, second.image.id) == (False, first.image.id)
    assert world.web.ranges(FILE) == [""]
    # what is public is there for others too
    assert world.fetch(user="demo").image.id == first.image.id
    assert len(world.images()) == 1


def test_another_projects_private_image_is_not_ours(world: World) -> None:
    world.fetch(user="demo")
    assert world.fetch().is_new
    assert sorted(image["visibility"] for image in world.images()) == ["private", "public"]


def test_another_name_is_another_image(world: World) -> None:
    first = world.fetch()
    second = world.fetch(name="web")
    assert (second.is_new, second.image.name) == (True, "web")
    assert not world.fetch(name="web").is_new
    assert {image["id"] for image in world.images()} == {first.image.id, second.image.id}


def test_a_newer_release_takes_the_name_and_hides_the_older_one(world: World) -> None:
    old = world.fetch()
    world.publish(disks.qcow2() + os.urandom(2 << 20))
    new = world.fetch()
    assert [image["id"] for image in world.images()] == [new.image.id]
    (hidden,) = world.images("&os_hidden=true")
    assert (hidden["id"], hidden["status"]) == (old.image.id, "active")


def test_force_fetches_what_is_there(world: World) -> None:
    first = world.fetch()
    second = world.fetch(force=True)
    assert [image["id"] for image in world.images()] == [second.image.id]
    assert first.image.id != second.image.id


def test_a_kept_file_serves_the_next_cloud(world: World) -> None:
    kept = world.fetch(keep_file=True).kept
    assert kept is not None
    assert kept.read_bytes() == world.web.files[FILE]
    world.fetch(user="demo", force=True)
    assert world.web.ranges(FILE) == [""]


@pytest.mark.parametrize("verb", ["downloading", "uploading"])
def test_stopped_anywhere_it_leaves_nothing_in_the_cloud(world: World, verb: str) -> None:
    world.teller = Interrupting(world.told)
    world.teller.verb = verb
    with pytest.raises(asyncio.CancelledError):
        world.fetch()
    assert world.images() == []
    assert world.place.kept_bytes(world.entry) > 0  # the next command goes on with it
    world.teller = Teller(world.told)
    assert world.fetch().is_new
    assert world.place.kept_bytes(world.entry) == 0


def test_what_a_killed_fetch_left_is_cleared_once_it_is_surely_dead(world: World) -> None:
    world.add_queued("2020-01-01T00:00:00.000000Z")
    young = world.add_queued(clock.stamp())
    new = world.fetch()
    assert {image["id"] for image in world.images()} == {new.image.id, young}


def test_a_wrong_checksum_never_reaches_the_cloud(world: World) -> None:
    world.web.files[FILE] += b"!"
    with pytest.raises(FetchFailed, match="is not what the publisher says"):
        world.fetch()
    assert world.images() == []
    assert world.place.kept_bytes(world.entry) == 0


def test_a_list_that_does_not_know_the_file_ends_before_a_download(world: World) -> None:
    world.entry = replace(world.entry, url=world.web.url + "/other.qcow2")
    with pytest.raises(FetchFailed, match=r"has no sha512 of other\.qcow2"):
        world.fetch()
    assert [path for path, _ in world.web.asked] == ["/SHA512SUMS"]


def test_an_entry_may_bring_its_checksum_itself(world: World) -> None:
    checksum = hashlib.sha512(world.web.files[FILE]).hexdigest().upper()
    world.entry = replace(world.entry, checksums="", checksum=checksum)
    assert world.fetch().is_new
    assert world.web.asked == [(FILE, "")]


def test_what_the_cloud_refuses_is_kept_here_and_nowhere_else(world: World) -> None:
    world.publish(disks.raw(100_000))
    with pytest.raises(Refused) as caught:
        world.fetch()
    assert caught.value.status == 415
    assert world.images() == []
    assert "the verified file is kept" in world.told.getvalue()
