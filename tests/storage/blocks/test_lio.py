"""The kernel's exports: of block devices too, and through crashes at every change of configfs."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.blocks import choose
from storage.blocks.export import Export
from storage.blocks.lio import Lio
from storage.blocks.lvm import Lvm
from tests import cloud
from tests.storage.blocks import initiator
from tests.storage.objects.test_crash import in_child
from tests.vm import group

pytestmark = pytest.mark.vm

CONFIGFS = "/sys/kernel/config"
GROUP = "nbx-lio"
V1 = "6f1c3b0e-3df3-4b0c-8b0c-7a3c2a9a5b11"
SIZE_BYTES = 8 << 20


@pytest.fixture
def port() -> int:
    return cloud.free_ports(1)[0]


@pytest.fixture
def exporter(home: Path, port: int) -> Iterator[Lio]:
    exporter = Lio(home / "lio", address=initiator.ADDRESS, port=port)
    exporter.start()
    yield exporter
    exporter.stop()


def export(path: Path) -> Export:
    return Export(
        volume_id=V1, path=path, initiator="iqn.2010-10.org.novabox:host:box1",
        username="nbx-5b11", password="abcdefghijkl2345",
    )  # fmt: skip


@pytest.fixture
def volume(home: Path) -> Export:
    path = home / "volume"
    path.write_bytes(bytes(SIZE_BYTES))
    return export(path)


def test_a_thin_volume_of_lvm_is_exported_and_has_its_id_as_serial_number(
    exporter: Lio, port: int
) -> None:
    with group.running(GROUP, size_mib=64):
        pool = Lvm(GROUP)
        pool.create(V1, size_bytes=SIZE_BYTES)
        whole = export(pool.device(V1))
        lun = exporter.show(whole).lun
        assert exporter.show(whole).path == whole.path
        initiator.run(whole, "write -P 7 1M 4k", "flush", lun=lun, port=port)

        with whole.path.open("rb") as device:
            device.seek(1 << 20)
            assert device.read(4096) == b"\7" * 4096
        (serial,) = Path(CONFIGFS, "target/core").glob("iblock_*/nbx-*/wwn/vpd_unit_serial")
        assert serial.read_text().split()[-1] == V1
        exporter.withdraw(V1)
        pool.clear()


def test_a_file_is_written_through(exporter: Lio, volume: Export) -> None:
    exporter.show(volume)
    (cache,) = Path(CONFIGFS, "target/core").glob("fileio_*/nbx-*/attrib/emulate_write_cache")

    assert cache.read_text().strip() == "0"


@pytest.mark.crash
@pytest.mark.parametrize("verb", ["show", "withdraw"])
def test_killed_before_any_change_the_next_attempt_finishes_it(
    exporter: Lio, volume: Export, port: int, verb: str
) -> None:
    for number in range(1, 100):
        if verb == "withdraw":
            exporter.show(volume)

        def work(number: int = number) -> None:
            die_at(number)
            if verb == "show":
                exporter.show(volume)
            else:
                exporter.withdraw(V1)

        is_done = in_child(work)
        if verb == "show":
            assert bool(exporter.shown()) == is_done
            lun = exporter.show(volume).lun
            if number % 5 == 1:
                initiator.run(volume, "read 0 512", lun=lun, port=port)
        exporter.withdraw(V1)
        assert dict(exporter.shown()) == {}
        assert not list(Path(CONFIGFS, "target/core").glob("fileio_*"))
        if is_done:
            assert number > 5
            return
    pytest.fail("it never ends")


def die_at(number: int) -> None:
    """Have this process killed before its Nth change of configfs."""
    left = number

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        is_change = event in ("os.mkdir", "os.rmdir", "os.symlink", "os.remove") or (
            event == "open" and isinstance(arguments[2], int) and bool(arguments[2] & os.O_WRONLY)
        )
        if is_change and any(str(one).startswith(CONFIGFS) for one in arguments[:2]):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)


def test_it_is_chosen_where_the_kernel_has_it(home: Path, port: int) -> None:
    chosen = choose.exporter("auto", folder=home, address=initiator.ADDRESS, port=port)

    assert choose.automatic()[0] == "lio"
    assert isinstance(chosen, Lio)
