"""A file onto the shelf, from a server that does everything wrong; no pause is waited for."""

from __future__ import annotations

import asyncio
import hashlib
import io
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.tui.catalog.web import Web, serving
from tui.catalog import download
from tui.catalog.download import Source
from tui.catalog.entries import Entry
from tui.catalog.failure import FetchFailed
from tui.catalog.progress import Teller
from tui.catalog.shelf import Shelf
from tui.client.publisher import Publisher

FILE = "/disk.qcow2"
DATA = bytes(range(251)) * 20_000  # 5 MB
SHA256 = hashlib.sha256(DATA).hexdigest()


class Cramped(Shelf):
    """A shelf on a full disk."""

    def room_bytes(self) -> int:
        return 65 << 20


class Full(Shelf):
    """A shelf on a disk that fills up while the file comes."""

    def opened(self, part: Path) -> BinaryIO:
        return Path("/dev/full").open("ab", buffering=0)


@dataclass
class Bench:
    """A server, a shelf, and what was told."""

    web: Web
    place: Shelf
    told: io.StringIO = field(default_factory=io.StringIO)

    @property
    def entry(self) -> Entry:
        return Entry(
            name="disk", title="Disk", os_distro="none", os_version="1", user="me",
            url=self.web.url + FILE, checksums=f"{self.web.url}/SUMS", algorithm="sha256",
        )  # fmt: skip

    @property
    def part(self) -> Path:
        return self.place.part(self.entry, SHA256)

    def get(self, expected: str = SHA256) -> Path:
        async def run() -> Path:
            async with Publisher(silent_s=20.0) as publisher:
                source = Source(publisher=publisher, pauses_s=(0.0, 0.0, 0.0))
                return await download.verified(
                    source, self.entry, expected, place=self.place, teller=Teller(self.told)
                )

        return asyncio.run(run())

    def list(self) -> str:
        async def run() -> str:
            async with Publisher(silent_s=20.0) as publisher:
                source = Source(publisher=publisher, pauses_s=(0.0, 0.0))
                return await download.checksum_list(source, self.entry, teller=Teller(self.told))

        return asyncio.run(run())

    def left(self) -> list[str]:
        return sorted(path.name for path in self.place.folder.iterdir())


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with serving(Web(files={FILE: DATA})) as web:
        yield Bench(web, Shelf(tmp_path / "cache"))


def test_a_file_comes_whole_and_for_its_owner_only(bench: Bench) -> None:
    path = bench.get()
    assert path.read_bytes() == DATA
    assert bench.left() == [f"disk-{SHA256[:16]}.qcow2"]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(bench.place.folder.stat().st_mode) == 0o700
    assert "sha256 verified" in bench.told.getvalue()


def test_one_that_is_there_is_checked_and_not_downloaded_again(bench: Bench) -> None:
    bench.get()
    bench.get()
    assert bench.web.ranges(FILE) == [""]


def test_one_that_rotted_on_the_shelf_is_downloaded_again(bench: Bench) -> None:
    path = bench.get()
    path.write_bytes(DATA[:-1] + b"!")
    assert bench.get().read_bytes() == DATA


def test_a_download_that_is_cut_off_goes_on_where_it_stopped(bench: Bench) -> None:
    bench.web.cuts = {FILE: [2_000_000, 1_000_000]}
    assert bench.get().read_bytes() == DATA
    begun = [int(told.removeprefix("bytes=").rstrip("-") or 0) for told in bench.web.ranges(FILE)]
    assert begun == [0, 2_000_000, 3_000_000]
    assert "disk: cut off at 1.9 MiB: the server hung up; again in 0 s\n" in bench.told.getvalue()


def test_what_an_earlier_command_left_is_gone_on_with(bench: Bench) -> None:
    bench.part.write_bytes(DATA[:3_000_000])
    assert bench.get().read_bytes() == DATA
    assert bench.web.ranges(FILE) == ["bytes=3000000-"]


def test_a_part_that_is_the_whole_is_only_verified(bench: Bench) -> None:
    bench.part.write_bytes(DATA)
    assert bench.get().read_bytes() == DATA


def test_a_part_that_is_longer_than_the_file_is_begun_anew(bench: Bench) -> None:
    bench.part.write_bytes(DATA + b"more")
    assert bench.get().read_bytes() == DATA


def test_a_server_without_ranges_sends_all_of_it_again(bench: Bench) -> None:
    bench.web.knows_ranges = False
    bench.web.cuts = {FILE: [2_000_000]}
    assert bench.get().read_bytes() == DATA


def test_a_server_that_says_no_length_is_believed_once_the_checksum_fits(bench: Bench) -> None:
    bench.web.says_length = False
    assert bench.get().read_bytes() == DATA


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(bench: Bench, status: int) -> None:
    bench.web.statuses = {FILE: [status, status]}
    assert bench.get().read_bytes() == DATA


def test_tries_that_bring_something_are_not_counted(bench: Bench) -> None:
    bench.web.cuts = {FILE: [10, 10, 1 << 20, 10, 10, 1 << 20, 10, 10]}
    assert bench.get().read_bytes() == DATA


def test_a_server_that_never_gets_on_is_given_up_and_the_part_is_kept(bench: Bench) -> None:
    bench.web.cuts = {FILE: [2_000_000, *[1000] * 9]}
    with pytest.raises(FetchFailed, match=r"given up after 4 tries .*1\.9 MiB are kept"):
        bench.get()
    assert bench.part.read_bytes() == DATA[:2_003_000]
    bench.web.cuts = {}
    assert bench.get().read_bytes() == DATA


def test_other_bytes_than_the_publishers_are_refused_and_gone(bench: Bench) -> None:
    bench.web.files[FILE] = DATA[:-1] + b"!"
    with pytest.raises(FetchFailed, match="is not what the publisher says"):
        bench.get()
    assert bench.left() == []


def test_a_part_of_another_release_is_dropped(bench: Bench) -> None:
    stale = bench.place.part(bench.entry, "ff" * 32)
    other = bench.place.part(replace(bench.entry, name="disk-2"), "ff" * 32)
    for path in (stale, other):
        path.write_bytes(b"old")
    bench.get()
    assert (stale.exists(), other.exists()) == (False, True)


def test_a_file_that_is_gone_is_said_at_once(bench: Bench) -> None:
    bench.web.files = {}
    with pytest.raises(FetchFailed, match=r"404 Not Found\. The publisher may have moved it"):
        bench.get()
    assert len(bench.web.asked) == 1


def test_a_full_disk_is_said_before_anything_is_written(bench: Bench) -> None:
    bench.place = Cramped(bench.place.folder)
    with pytest.raises(FetchFailed, match=r"no room: it needs 4\.8 MiB more .* --cache"):
        bench.get()
    assert bench.part.stat().st_size == 0


def test_a_disk_that_fills_up_on_the_way_is_said(bench: Bench) -> None:
    bench.place = Full(bench.place.folder)
    with pytest.raises(FetchFailed, match=r"no room: it needs more .* --cache"):
        bench.get()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FetchFailed, match="Not a directory; name another with --cache"):
        Shelf(tmp_path / "file" / "cache")


def test_two_fetches_of_one_image_do_not_meet(bench: Bench) -> None:
    with (
        bench.place.alone(bench.entry),
        pytest.raises(FetchFailed, match="being fetched by another command"),
        bench.place.alone(bench.entry),
    ):
        pass
    with bench.place.alone(bench.entry), bench.place.alone(replace(bench.entry, name="other")):
        pass
    assert bench.left() == []


def test_a_list_is_asked_for_again_while_its_server_is_busy(bench: Bench) -> None:
    bench.web.files["/SUMS"] = b"all"
    bench.web.statuses = {"/SUMS": [503, 503]}
    assert bench.list() == "all"
    bench.web.statuses = {"/SUMS": [503, 503, 503]}
    with pytest.raises(FetchFailed, match=r"no checksums of disk: .*503"):
        bench.list()
