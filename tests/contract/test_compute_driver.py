"""One suite for ComputeDriver: the fake, libvirt's test driver, QEMU in a private libvirtd."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import ids
from appliance.errors import HypervisorError
from appliance.model.states import PowerState
from services.compute.driver import ComputeDriver, Disk, GuestSpec, VolumeDisk
from services.compute.fake import Fake
from services.compute.libvirt import Libvirt
from tests.services.compute import private, targets
from tests.services.compute.private import wait_until

DRIVERS = ("fake", "libvirt-test", pytest.param("libvirt-qemu", marks=pytest.mark.host))


@pytest.fixture(scope="module")
def libvirtd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[private.Libvirtd]:
    with private.running(tmp_path_factory.mktemp("libvirtd")) as daemon:
        yield daemon


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest, home: Path) -> Iterator[ComputeDriver]:
    if request.param == "fake":
        yield Fake(home / "fake")
        return
    uri = "test:///default"
    if request.param == "libvirt-qemu":
        uri = request.getfixturevalue("libvirtd").uri
    real = Libvirt(uri, virt_type="qemu", owner=str(home), disk_folder=home)
    yield real
    for instance_id in real.guests():
        real.destroy(instance_id)
    real.close()


@pytest.fixture(scope="module")
def tgtd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[targets.Tgtd]:
    with targets.running(tmp_path_factory.mktemp("targets")) as daemon:
        yield daemon


@pytest.fixture
def export(request: pytest.FixtureRequest, driver: ComputeDriver) -> Callable[..., VolumeDisk]:
    """Makes volumes that the driver can attach."""
    kind = request.node.callspec.params["driver"]
    if kind == "libvirt-test":
        pytest.skip("missing: secrets in libvirt's test driver")
    if kind == "fake":
        return targets.disk
    show: Callable[..., VolumeDisk] = request.getfixturevalue("tgtd").show
    return show


def guest(home: Path, **fields: object) -> GuestSpec:
    """A guest without a disk: its firmware finds nothing to boot, and its processor runs."""
    values: dict[str, object] = {
        "instance_id": ids.InstanceId(ids.new_uuid()), "vcpus": 1, "memory_mib": 32,
        "console_log": home / "console.log",
        "metadata": {"name": "a <b> & 'c'", "bell": "\a"},
    }  # fmt: skip
    return GuestSpec(**values | fields)  # type: ignore[arg-type]  # a test's own mistake shows


def test_a_spawned_guest_runs_and_is_listed(driver: ComputeDriver, home: Path) -> None:
    spec = guest(home)
    driver.spawn(spec)

    assert driver.power_state(spec.instance_id) is PowerState.RUNNING
    assert dict(driver.guests()) == {spec.instance_id: PowerState.RUNNING}
    assert spec.console_log.exists()


def test_spawning_twice_is_spawning_once(driver: ComputeDriver, home: Path) -> None:
    spec = guest(home)
    driver.spawn(spec)
    driver.spawn(spec)

    assert dict(driver.guests()) == {spec.instance_id: PowerState.RUNNING}


def test_spawn_finishes_a_domain_that_is_defined_and_off(driver: ComputeDriver, home: Path) -> None:
    spec = guest(home)
    driver.spawn(spec)
    driver.stop(spec.instance_id, timeout_s=0)
    driver.spawn(spec)

    assert driver.power_state(spec.instance_id) is PowerState.RUNNING


def test_a_destroyed_guest_is_gone_and_destroying_it_again_is_fine(
    driver: ComputeDriver, home: Path
) -> None:
    spec = guest(home)
    driver.spawn(spec)
    driver.destroy(spec.instance_id)
    driver.destroy(spec.instance_id)

    assert driver.power_state(spec.instance_id) is PowerState.NOSTATE
    assert dict(driver.guests()) == {}


def test_a_stopped_guest_keeps_its_domain_and_cannot_go_on(
    driver: ComputeDriver, home: Path
) -> None:
    spec = guest(home)
    driver.spawn(spec)
    driver.stop(spec.instance_id, timeout_s=0)
    driver.stop(spec.instance_id, timeout_s=0)
    assert driver.power_state(spec.instance_id) is PowerState.SHUTDOWN

    with pytest.raises(HypervisorError, match="is not on"):
        driver.resume(spec.instance_id)


def test_a_guest_deaf_to_the_power_button_is_switched_off_at_the_deadline(
    driver: ComputeDriver, home: Path
) -> None:
    spec = guest(home)
    driver.spawn(spec)
    driver.stop(spec.instance_id, timeout_s=0.3)

    assert driver.power_state(spec.instance_id) is PowerState.SHUTDOWN


def test_a_running_guest_that_is_told_to_go_on_is_left_alone(
    driver: ComputeDriver, home: Path
) -> None:
    spec = guest(home)
    driver.spawn(spec)
    driver.resume(spec.instance_id)

    assert driver.power_state(spec.instance_id) is PowerState.RUNNING


def test_a_domain_that_is_not_there_can_be_stopped_but_cannot_go_on(driver: ComputeDriver) -> None:
    nobody = ids.InstanceId(ids.new_uuid())
    driver.stop(nobody, timeout_s=0)

    assert driver.power_state(nobody) is PowerState.NOSTATE
    with pytest.raises(HypervisorError, match=f"{nobody}: domain nbx-{nobody} is not on"):
        driver.resume(nobody)


def test_the_host_has_room(driver: ComputeDriver) -> None:
    has = driver.resources()

    assert has.vcpus >= 1
    assert has.memory_mib >= 512
    assert has.hypervisor_type
    assert has.hypervisor_version > 0


def test_a_failed_spawn_leaves_no_domain_and_says_what_was_tried(
    driver: ComputeDriver, home: Path
) -> None:
    spec = guest(home)
    if isinstance(driver, Fake):
        (home / "fake" / "refuse" / "spawn").write_text("no room on the disk")
    else:
        spec = guest(home, memory_mib=0)
    with pytest.raises(HypervisorError, match=spec.instance_id) as raised:
        driver.spawn(spec)

    assert raised.value.tried["verb"] == "spawn"
    assert dict(driver.guests()) == {}
    assert driver.power_state(spec.instance_id) is PowerState.NOSTATE


def test_a_guest_starts_with_its_volumes(
    driver: ComputeDriver, home: Path, export: Callable[..., VolumeDisk]
) -> None:
    first, second = export("vda"), export("vdc")
    spec = guest(home, volumes=(first, second))
    driver.spawn(spec)

    assert driver.volumes(spec.instance_id) == {first.volume_id, second.volume_id}


def test_a_running_guest_gets_a_volume_once(
    driver: ComputeDriver, home: Path, export: Callable[..., VolumeDisk]
) -> None:
    spec, volume = guest(home), export()
    driver.spawn(spec)
    driver.attach(spec.instance_id, volume)
    driver.attach(spec.instance_id, volume)

    assert driver.volumes(spec.instance_id) == {volume.volume_id}


def test_a_guest_that_is_off_gets_a_volume_and_lets_go_of_it(
    driver: ComputeDriver, home: Path, export: Callable[..., VolumeDisk]
) -> None:
    spec, volume = guest(home), export()
    driver.spawn(spec)
    driver.stop(spec.instance_id, timeout_s=0)
    driver.attach(spec.instance_id, volume)
    assert driver.volumes(spec.instance_id) == {volume.volume_id}

    for _ in range(2):
        driver.detach(spec.instance_id, volume.volume_id, timeout_s=0)
        assert driver.volumes(spec.instance_id) == frozenset()


def test_a_guest_that_is_made_anew_has_the_volumes_that_it_is_told(
    driver: ComputeDriver, home: Path, export: Callable[..., VolumeDisk]
) -> None:
    spec, old, new = guest(home), export(), export()
    driver.spawn(replace(spec, volumes=(old,)))
    driver.stop(spec.instance_id, timeout_s=0)
    driver.spawn(replace(spec, volumes=(new,)))

    assert driver.volumes(spec.instance_id) == {new.volume_id}


def test_a_guest_that_holds_on_to_a_volume_keeps_it(
    driver: ComputeDriver, home: Path, export: Callable[..., VolumeDisk]
) -> None:
    """Firmware without a system never answers the request to let go."""
    spec, volume = guest(home), export()
    driver.spawn(spec)
    driver.attach(spec.instance_id, volume)
    if isinstance(driver, Fake):
        (home / "fake" / "refuse" / "detach").write_text("it holds on to it")
    with pytest.raises(HypervisorError, match="holds on to it"):
        driver.detach(spec.instance_id, volume.volume_id, timeout_s=0.5)

    assert driver.volumes(spec.instance_id) == {volume.volume_id}


def test_nobody_gets_a_volume_and_nobody_lets_go_of_one(
    driver: ComputeDriver, export: Callable[..., VolumeDisk]
) -> None:
    nobody, volume = ids.InstanceId(ids.new_uuid()), export()
    with pytest.raises(HypervisorError, match=f"{volume.volume_id}: no domain nbx-{nobody}"):
        driver.attach(nobody, volume)
    driver.detach(nobody, volume.volume_id, timeout_s=0)

    assert driver.volumes(nobody) == frozenset()


def test_a_guest_is_made_of_what_it_was_told(driver: ComputeDriver, home: Path) -> None:
    disk = home / "disk"
    disk.write_bytes(bytes(1 << 20))
    spec = guest(home, memory_mib=48, vcpus=2, disk=Disk(path=disk, format="raw"))
    assert driver.guest(spec.instance_id) is None
    driver.spawn(spec)
    made = driver.guest(spec.instance_id)
    driver.stop(spec.instance_id, timeout_s=0)
    off = driver.guest(spec.instance_id)

    assert made is not None
    assert off is not None
    assert (made.vcpus, made.memory_mib, made.disks) == (2, 48, (disk,))
    assert (made.state, off.state) == (PowerState.RUNNING, PowerState.SHUTDOWN)
    assert made.volumes == frozenset()
    assert off.pid is None


def test_the_process_of_a_real_guest_is_found(
    driver: ComputeDriver, home: Path, request: pytest.FixtureRequest
) -> None:
    spec = guest(home)
    driver.spawn(spec)
    made = driver.guest(spec.instance_id)

    is_real = request.node.callspec.params["driver"] == "libvirt-qemu"
    assert made is not None
    assert (made.pid is not None) == is_real
    if made.pid:
        assert spec.name in Path(f"/proc/{made.pid}/cmdline").read_text()


def test_a_guest_that_runs_uses_more_and_more(driver: ComputeDriver, home: Path) -> None:
    spec = guest(home, memory_mib=48)
    other = guest(home)
    driver.spawn(spec)
    driver.spawn(other)
    driver.stop(other.instance_id, timeout_s=0)
    before = driver.usage()
    wait_until(
        lambda: driver.usage()[spec.instance_id].cpu_time_ns > before[spec.instance_id].cpu_time_ns,
        "a guest that uses its processor",
    )

    assert set(before) == {spec.instance_id}
    assert before[spec.instance_id].memory_kib == 48 << 10


@pytest.fixture
def serial(request: pytest.FixtureRequest, driver: ComputeDriver) -> ComputeDriver:
    """A driver whose guests have serial lines."""
    if request.node.callspec.params["driver"] == "libvirt-test":
        pytest.skip("missing: serial lines in libvirt's test driver")
    return driver


def test_every_start_is_marked_in_the_console_log(driver: ComputeDriver, home: Path) -> None:
    spec = guest(home)
    driver.spawn(spec)
    driver.spawn(spec)
    driver.stop(spec.instance_id, timeout_s=0)
    driver.spawn(spec)

    assert spec.console_log.read_bytes().count(b"=== novabox: boot ") == 2


def test_a_line_takes_input_and_a_break_and_ends_when_it_is_closed(
    serial: ComputeDriver, home: Path
) -> None:
    spec = guest(home)
    serial.spawn(spec)
    line = serial.open_line(spec.instance_id)
    ended: list[bytes] = []
    reader = threading.Thread(target=lambda: ended.extend(iter(line.read, b"")))
    reader.start()
    line.write(b"echo hello\r", timeout_s=5)
    line.send_break()
    line.close()
    line.close()
    reader.join(10)

    assert not reader.is_alive()


def test_ctrl_alt_del_reaches_a_guest_that_is_on(driver: ComputeDriver, home: Path) -> None:
    spec = guest(home)
    driver.spawn(spec)
    driver.send_ctrl_alt_del(spec.instance_id)
    assert driver.power_state(spec.instance_id) is PowerState.RUNNING

    driver.stop(spec.instance_id, timeout_s=0)
    with pytest.raises(HypervisorError, match="is not on"):
        driver.send_ctrl_alt_del(spec.instance_id)


def test_a_line_ends_with_its_guest(serial: ComputeDriver, home: Path) -> None:
    spec = guest(home)
    serial.spawn(spec)
    line = serial.open_line(spec.instance_id)
    serial.stop(spec.instance_id, timeout_s=0)
    while line.read():
        pass

    with pytest.raises(HypervisorError, match=f"{spec.instance_id}: no serial line: it is not on"):
        serial.open_line(spec.instance_id)


def test_a_guest_that_takes_no_input_is_not_waited_for(serial: ComputeDriver, home: Path) -> None:
    """Firmware without a system reads nothing; a fake shell that nobody listens to does neither."""
    spec = guest(home)
    serial.spawn(spec)
    line = serial.open_line(spec.instance_id)

    def paste() -> None:
        for _ in range(64):
            line.write(b"x" * (64 << 10), timeout_s=0.2)

    with pytest.raises(HypervisorError, match=r"took no input for 0\.2 s"):
        paste()
    line.close()


def test_nobody_has_no_line(driver: ComputeDriver) -> None:
    nobody = ids.InstanceId(ids.new_uuid())
    with pytest.raises(HypervisorError, match=f"instance {nobody}: no serial line: it is not on"):
        driver.open_line(nobody)
