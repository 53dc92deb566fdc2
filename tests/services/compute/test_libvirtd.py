"""Which libvirt is used; and the one of our own (host), which must leave the host as it was."""

import os
import signal
import socket
from pathlib import Path

import pytest

from appliance import config, processes
from appliance.errors import ConfigError, HypervisorError
from appliance.model.states import PowerState
from services.compute import libvirtd, undo
from services.compute.driver import Nic
from services.compute.libvirt import Libvirt
from tests.contract.test_compute_driver import guest
from tests.services.compute import private


def settings(home: Path, **compute: str) -> config.Settings:
    return config.parse({"host": "box1", "compute": compute}, home=home)


def test_a_configured_uri_is_used_and_needs_no_daemon_of_ours(tmp_path: Path) -> None:
    chosen = settings(tmp_path, libvirt_uri="test:///default")

    assert libvirtd.uri(chosen) == "test:///default"
    assert not libvirtd.is_needed(chosen)


def test_our_own_uri_may_be_configured_and_needs_our_daemon(tmp_path: Path) -> None:
    chosen = settings(tmp_path, libvirt_uri=libvirtd.own_uri(tmp_path))

    assert libvirtd.is_needed(chosen)
    assert libvirtd.is_dead(chosen)


def test_the_fake_needs_no_daemon(tmp_path: Path) -> None:
    assert not libvirtd.is_needed(settings(tmp_path, driver="fake"))


def test_a_folder_too_deep_for_a_socket_is_refused_in_time() -> None:
    with pytest.raises(ConfigError, match="shorter folder"):
        libvirtd.own_uri(Path("/" + "deep/" * 30))


def test_an_answering_socket_is_alive_and_a_stale_one_is_dead(tmp_path: Path) -> None:
    chosen = settings(tmp_path, libvirt_uri=libvirtd.own_uri(tmp_path))
    path = tmp_path / "libvirt" / "run" / "libvirt-sock"
    path.parent.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert not libvirtd.is_dead(chosen)

    assert libvirtd.is_dead(chosen)


def driver_of(daemon: private.Libvirtd, home: Path, *, owner: str = "me") -> Libvirt:
    return Libvirt(daemon.uri, virt_type="qemu", owner=owner, disk_folder=home)


@pytest.mark.host
def test_killed_and_started_again_it_has_the_guests_that_ran(home: Path) -> None:
    spec = guest(home)
    with private.running(home) as daemon:
        driver = driver_of(daemon, home)
        driver.spawn(spec)
        pid = daemon.qemu_pid(spec.name)
        daemon.kill()
        daemon.start()

        assert dict(driver.guests()) == {spec.instance_id: PowerState.RUNNING}
        assert daemon.qemu_pid(spec.name) == pid
        driver.destroy(spec.instance_id)
        driver.close()


@pytest.mark.host
def test_a_cloud_that_leaves_takes_no_folder_from_under_another(home: Path) -> None:
    with private.running(home) as daemon:
        before = daemon.mounts()
        libvirtd.leave()

        assert "/run/libvirt" in before
        assert daemon.mounts() == before


@pytest.mark.host
def test_a_qemu_that_died_is_seen_as_crashed_and_starts_again(home: Path) -> None:
    spec = guest(home)
    with private.running(home) as daemon:
        driver = driver_of(daemon, home)
        driver.spawn(spec)
        os.kill(daemon.qemu_pid(spec.name), signal.SIGKILL)
        private.wait_until(
            lambda: driver.power_state(spec.instance_id) is PowerState.CRASHED, "the crash"
        )
        driver.spawn(spec)

        assert driver.power_state(spec.instance_id) is PowerState.RUNNING
        driver.destroy(spec.instance_id)
        driver.close()


@pytest.mark.host
def test_the_guests_of_another_cloud_are_not_ours(home: Path) -> None:
    spec = guest(home)
    with private.running(home) as daemon:
        driver = driver_of(daemon, home)
        driver.spawn(spec)
        other = driver_of(daemon, home, owner="somebody else")

        assert dict(other.guests()) == {}
        driver.destroy(spec.instance_id)
        other.close()
        driver.close()


@pytest.mark.host
def test_a_start_that_fails_leaves_no_domain(home: Path) -> None:
    """The domain can be defined; its tap is missing, as after a host's reboot."""
    nic = Nic(tap="nbx-t-missing", mac="fa:16:3e:00:00:01", mtu=1500)
    spec = guest(home, nics=(nic,))
    with private.running(home) as daemon:
        driver = driver_of(daemon, home)
        with pytest.raises(HypervisorError, match="specified dev doesn't exist") as raised:
            driver.spawn(spec)

        assert raised.value.tried["taps"] == "nbx-t-missing"
        assert driver.power_state(spec.instance_id) is PowerState.NOSTATE
        driver.close()


@pytest.mark.host
def test_qemu_whose_libvirtd_is_dead_is_cleared_by_its_pid_file(home: Path) -> None:
    spec = guest(home)
    with private.running(home) as daemon:
        driver = driver_of(daemon, home)
        driver.spawn(spec)
        driver.close()
        pid = daemon.qemu_pid(spec.name)
        daemon.kill()
        undo.clear(settings(home, libvirt_uri=daemon.uri), driver)
        private.wait_until(lambda: not processes.is_alive(pid), "QEMU to end")
        daemon.start()
