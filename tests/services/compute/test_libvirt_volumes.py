"""What becomes of a volume's password: QEMU has it, and nobody can find it afterwards."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import libvirt
import pytest

from appliance.errors import HypervisorError
from services.compute import domain_xml
from services.compute.libvirt import Libvirt
from tests.contract.test_compute_driver import guest
from tests.services.compute import private, targets

pytestmark = pytest.mark.host


@pytest.fixture
def daemon(home: Path) -> Iterator[private.Libvirtd]:
    with private.running(home) as made:
        yield made


@pytest.fixture
def tgtd(home: Path) -> Iterator[targets.Tgtd]:
    with targets.running(home) as made:
        yield made


@pytest.fixture
def driver(daemon: private.Libvirtd, home: Path) -> Iterator[Libvirt]:
    made = Libvirt(daemon.uri, virt_type="qemu", owner=str(home), disk_folder=home)
    yield made
    for instance_id in made.guests():
        made.destroy(instance_id)
    made.close()


@pytest.fixture
def connection(daemon: private.Libvirtd) -> Iterator[Any]:
    opened = libvirt.open(daemon.uri)
    yield opened
    opened.close()


def test_a_password_is_in_no_definition_and_no_command_line(
    driver: Libvirt, connection: Any, daemon: private.Libvirtd, tgtd: targets.Tgtd, home: Path
) -> None:
    spec = guest(home, volumes=(tgtd.show("vda"),))
    driver.spawn(spec)
    driver.attach(spec.instance_id, tgtd.show("vdb"))
    domain = connection.lookupByUUIDString(spec.instance_id)
    command_line = Path(f"/proc/{daemon.qemu_pid(spec.name)}/cmdline").read_bytes()
    logs = [path.read_bytes() for path in (home / "libvirt" / "log").rglob("*.log")]

    assert len(driver.volumes(spec.instance_id)) == 2
    assert connection.listAllSecrets() == []
    assert targets.PASSWORD not in domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE)
    assert not [text for text in (command_line, *logs) if targets.PASSWORD.encode() in text]


def test_a_refused_login_leaves_nothing(
    driver: Libvirt, connection: Any, tgtd: targets.Tgtd, home: Path
) -> None:
    spec, volume = guest(home), replace(tgtd.show(), password="thirteenother")
    driver.spawn(spec)
    with pytest.raises(HypervisorError, match="Authentication") as raised:
        driver.attach(spec.instance_id, volume)

    assert volume.password not in str((raised.value, raised.value.tried))
    assert raised.value.tried["target"] == str(volume.target)
    assert driver.volumes(spec.instance_id) == frozenset()
    assert connection.listAllSecrets() == []


def test_a_secret_that_a_killed_process_left_is_removed_and_no_other(
    driver: Libvirt, connection: Any, tgtd: targets.Tgtd, home: Path
) -> None:
    ours, reused, others = tgtd.show("vdb"), tgtd.show("vdc"), tgtd.show("vdd")
    for volume, owner in ((ours, str(home)), (reused, str(home)), (others, "/srv/other")):
        connection.secretDefineXML(domain_xml.secret(volume.volume_id, owner=owner))
    spec = guest(home)
    driver.spawn(spec)
    driver.attach(spec.instance_id, reused)
    driver.guests()

    left = [secret.usageID() for secret in connection.listAllSecrets()]
    assert left == [domain_xml.secret_usage(others.volume_id)]
    assert driver.volumes(spec.instance_id) == {reused.volume_id}


def test_a_guest_goes_on_with_its_volumes_when_libvirtd_was_killed(
    driver: Libvirt, daemon: private.Libvirtd, tgtd: targets.Tgtd, home: Path
) -> None:
    first, second = tgtd.show("vdb"), tgtd.show("vdc")
    spec = guest(home, volumes=(first,))
    driver.spawn(spec)
    daemon.kill()
    daemon.start()
    driver.attach(spec.instance_id, second)

    assert driver.volumes(spec.instance_id) == {first.volume_id, second.volume_id}
