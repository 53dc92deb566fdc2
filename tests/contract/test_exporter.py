"""One suite for Exporter: in files, by tgt, by the kernel's LIO. QEMU's initiator is the guest."""

import dataclasses
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.blocks import choose
from storage.blocks.errors import BlockError
from storage.blocks.export import Export, Exporter
from storage.blocks.fake import Fake
from tests import cloud
from tests.storage.blocks import initiator

REAL = (
    pytest.param("tgt", marks=pytest.mark.host),
    pytest.param("lio", marks=pytest.mark.vm),
)
MIB = 1 << 20
SIZE_BYTES = 8 * MIB
V1, V2 = "6f1c3b0e-3df3-4b0c-8b0c-7a3c2a9a5b11", "6f1c3b0e-3df3-4b0c-8b0c-7a3c2a9a5b12"
WHO = "iqn.2010-10.org.novabox:host:box1"


@pytest.fixture
def port() -> int:
    return cloud.free_ports(1)[0]


@pytest.fixture(params=["fake", *REAL])
def exporter(request: pytest.FixtureRequest, home: Path, port: int) -> Iterator[Exporter]:
    made: Exporter = Fake(home / "exports")
    if request.param != "fake":
        if reason := initiator.missing():
            pytest.skip(reason)
        made = real(request.param, home / "exports", port)
    made.start()
    yield made
    made.stop()


def real(kind: str, folder: Path, port: int) -> Exporter:
    return choose.exporter(kind, folder=folder, address=initiator.ADDRESS, port=port)


only_real = pytest.mark.parametrize("exporter", REAL, indirect=True)


def volume(home: Path, volume_id: str = V1, **fields: str) -> Export:
    path = home / volume_id
    if not path.exists():
        path.touch()
        os.truncate(path, SIZE_BYTES)
    plain = {"initiator": WHO, "username": f"nbx-{volume_id[-4:]}", "password": "abcdefghijkl2345"}
    return Export(volume_id=volume_id, path=path, **plain | fields)


def refusal(export: Export, *, lun: int, port: int) -> str:
    with pytest.raises(subprocess.CalledProcessError) as refused:
        initiator.run(export, "read 0 512", lun=lun, port=port)
    return str(refused.value.output)


def test_an_export_is_listed_until_it_is_withdrawn(exporter: Exporter, home: Path) -> None:
    one, two = volume(home), volume(home, V2)
    shown = exporter.show(one)
    exporter.show(two)
    assert shown.path == one.path
    assert dict(exporter.shown()) == {V1: shown, V2: dataclasses.replace(shown, path=two.path)}

    exporter.withdraw(V1)
    exporter.withdraw(V1)
    assert list(exporter.shown()) == [V2]


def test_starting_again_leaves_everything_as_it_is(exporter: Exporter, home: Path) -> None:
    exporter.show(volume(home))
    exporter.start()

    assert list(exporter.shown()) == [V1]


def test_stopped_it_shows_nothing_and_can_start_again(exporter: Exporter, home: Path) -> None:
    exporter.show(volume(home))
    exporter.stop()
    exporter.stop()
    assert dict(exporter.shown()) == {}
    exporter.withdraw(V1)
    assert exporter.sessions(V1) == ()

    exporter.start()
    exporter.show(volume(home))
    assert list(exporter.shown()) == [V1]


def test_a_failed_show_leaves_nothing_and_tells_no_password(exporter: Exporter, home: Path) -> None:
    export = dataclasses.replace(volume(home), path=home / "nothing")
    with pytest.raises(BlockError, match=V1) as failed:
        exporter.show(export)

    assert dict(exporter.shown()) == {}
    assert export.password not in f"{failed.value} {failed.value.tried} {export}"
    exporter.show(volume(home))
    assert list(exporter.shown()) == [V1]


@only_real
def test_who_has_the_password_reads_and_writes_the_volume(
    exporter: Exporter, home: Path, port: int
) -> None:
    export = volume(home)
    export.path.write_bytes(b"\x11" * SIZE_BYTES)
    lun = exporter.show(export).lun
    said = initiator.run(
        export, "length", "read -P 0x11 0 8M", "write -P 0x22 1M 4k", "flush", lun=lun, port=port
    )

    assert "8 MiB" in said
    assert "verification failed" not in said
    assert export.path.read_bytes()[MIB : MIB + 4096] == b"\x22" * 4096


@only_real
def test_nobody_else_logs_in(exporter: Exporter, home: Path, port: int) -> None:
    export = volume(home)
    lun = exporter.show(export).lun
    wrong = {
        "password": ("2345abcdefgh", "Authentication failure"),
        "username": ("nbx-other", "Authentication failure"),
        "initiator": (f"{WHO}x", "Authorization failure|Target not found"),
        "volume_id": (V2, "Failed to connect"),
    }
    for field, (value, words) in wrong.items():
        said = refusal(dataclasses.replace(export, **{field: value}), lun=lun, port=port)
        assert re.search(words, said), (field, said)
    assert "Authentication failure" in refusal_without_password(export, lun=lun, port=port)


def refusal_without_password(export: Export, *, lun: int, port: int) -> str:
    address = f"{initiator.ADDRESS}:{port}"
    options = (
        f"driver=raw,file.driver=iscsi,file.transport=tcp,file.portal={address},"
        f"file.target={export.iqn},file.lun={lun},file.initiator-name={export.initiator}"
    )
    done = subprocess.run(
        ["qemu-img", "info", "--image-opts", options], check=False, capture_output=True, text=True
    )
    assert done.returncode
    return done.stderr


@only_real
def test_an_export_that_is_to_be_another_is_made_anew(
    exporter: Exporter, home: Path, port: int
) -> None:
    old = volume(home)
    exporter.show(old)
    other = volume(home, V2).path
    other.write_bytes(b"\x33" * SIZE_BYTES)
    new = dataclasses.replace(old, password="2345abcdefgh")
    shown = exporter.show(new)
    assert "Authentication failure" in refusal(old, lun=shown.lun, port=port)

    for change in ({"initiator": f"{WHO}x"}, {"username": "nbx-other"}, {"path": other}):
        new = dataclasses.replace(new, **change)
        shown = exporter.show(new)
        pattern = 0x33 if "path" in change else 0
        said = initiator.run(new, f"read -P {pattern} 0 4k", lun=shown.lun, port=port)
        assert "verification failed" not in said
        assert dict(exporter.shown()) == {V1: shown}


@only_real
def test_a_session_is_seen_left_alone_by_the_same_show_and_ended_by_withdraw(
    exporter: Exporter, home: Path, port: int
) -> None:
    export = volume(home)
    lun = exporter.show(export).lun
    with initiator.session(export, "sleep 100000", lun=lun, port=port) as guest:
        cloud.eventually(lambda: exporter.sessions(V1), timeout_s=30, what="a session")
        exporter.show(export)
        assert exporter.sessions(V1) == (WHO,)
        exporter.withdraw(V1)
        assert exporter.sessions(V1) == ()
        assert dict(exporter.shown()) == {}
        guest.kill()


@only_real
def test_a_volume_is_withdrawn_while_its_guest_writes(
    exporter: Exporter, home: Path, port: int
) -> None:
    exporter.show(volume(home, V2))
    export = volume(home)
    lun = exporter.show(export).lun
    writes = [f"aio_write -q {number % 8}M 512k" for number in range(400)]
    with initiator.session(export, *writes, lun=lun, port=port) as guest:
        cloud.eventually(lambda: exporter.sessions(V1), timeout_s=30, what="a session")
        exporter.withdraw(V1)
        guest.kill()

    assert list(exporter.shown()) == [V2]


@only_real
def test_no_other_process_ever_shows_the_password(exporter: Exporter, home: Path) -> None:
    export = volume(home)
    seen: set[bytes] = set()
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.is_set():
            seen.update(words(path) for path in Path("/proc").glob("[0-9]*/cmdline"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        for _ in range(10):
            exporter.show(export)
            exporter.withdraw(V1)
        exporter.show(export)
    finally:
        is_over.set()
        watcher.join()
    assert any(b"pytest" in one for one in seen)
    assert not [one for one in seen if export.password.encode() in one]
    kept = [path for path in (home / "exports").rglob("*") if path.is_file()]
    assert not [path for path in kept if export.password.encode() in path.read_bytes()]


def words(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def test_exports_are_made_and_withdrawn_at_the_same_time(exporter: Exporter, home: Path) -> None:
    ids = [f"{V1[:-2]}{number:02}" for number in range(20, 28)]
    exports = [volume(home, volume_id) for volume_id in ids]
    failures: list[BlockError] = []

    def work(export: Export) -> None:
        try:
            exporter.show(export)
            exporter.withdraw(export.volume_id)
            exporter.show(export)
        except BlockError as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(export,)) for export in exports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert sorted(exporter.shown()) == ids
