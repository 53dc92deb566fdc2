"""A line by way of libvirtd, as where the pty is QEMU's user's; the contract has the pty itself."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import libvirt
import pytest

from appliance.errors import HypervisorError
from services.compute import libvirt_lines
from services.compute.driver import GuestSpec
from services.compute.libvirt import Libvirt
from tests.contract.test_compute_driver import guest
from tests.services.compute import private

pytestmark = pytest.mark.host


@pytest.fixture(scope="module")
def libvirtd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[private.Libvirtd]:
    with private.running(tmp_path_factory.mktemp("libvirtd")) as daemon:
        yield daemon


@pytest.fixture
def running(libvirtd: private.Libvirtd, home: Path) -> Iterator[tuple[Libvirt, GuestSpec, Any]]:
    driver = Libvirt(libvirtd.uri, virt_type="qemu", owner=str(home), disk_folder=home)
    spec = guest(home)
    driver.spawn(spec)
    connection = libvirt.open(libvirtd.uri)
    yield driver, spec, connection
    driver.destroy(spec.instance_id)
    connection.close()
    driver.close()


def reading(line: libvirt_lines.Line) -> threading.Thread:
    def read() -> None:
        while line.read():
            pass

    thread = threading.Thread(target=read)
    thread.start()
    return thread


def test_a_stream_takes_input_and_a_break_and_ends_when_it_is_closed(
    running: tuple[Libvirt, GuestSpec, Any],
) -> None:
    _, spec, connection = running
    line = libvirt_lines.open_stream(connection, spec.instance_id)
    reader = reading(line)
    line.write(b"x" * 1000, timeout_s=5)
    line.send_break()
    line.close()
    line.close()
    reader.join(10)

    assert not reader.is_alive()
    with pytest.raises(HypervisorError, match=f"instance {spec.instance_id}: no serial line"):
        line.write(b"x", timeout_s=5)


def test_a_stream_ends_with_its_guest(running: tuple[Libvirt, GuestSpec, Any]) -> None:
    driver, spec, connection = running
    line = libvirt_lines.open_stream(connection, spec.instance_id)
    reader = reading(line)
    driver.stop(spec.instance_id, timeout_s=0)
    reader.join(10)

    assert not reader.is_alive()
