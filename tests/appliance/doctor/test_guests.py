import grp
from pathlib import Path

import pytest

from appliance import config
from appliance.doctor import guests
from appliance.doctor.check import Status


def _settings(home: Path, **compute: str) -> config.Settings:
    return config.parse({"compute": compute}, home=home)


def test_emulation_by_configuration_is_said_with_its_reason(home: Path) -> None:
    check = guests.virtualisation(_settings(home, virt_type="qemu"))

    assert check.status is Status.WARN
    assert "compute.virt_type says so" in check.finding


def test_a_virt_type_that_does_not_exist_is_red(home: Path) -> None:
    check = guests.virtualisation(_settings(home, virt_type="xen"))

    assert check.status is Status.FAIL
    assert "novabox.toml" in check.fix


def test_a_configured_libvirt_is_believed(home: Path) -> None:
    check = guests.libvirt(_settings(home, libvirt_uri="qemu+ssh://box2/system"))

    assert "qemu+ssh://box2/system" in check.finding


def test_the_fake_driver_needs_no_libvirt(settings: config.Settings) -> None:
    assert guests.libvirt(settings).finding == "not needed: compute.driver is fake"


def test_a_machine_without_kvm_has_no_trap(settings: config.Settings, tmp_path: Path) -> None:
    assert guests.kvm_access(settings, tmp_path / "kvm").status is Status.OK


def test_a_node_that_all_may_open_is_no_trap(settings: config.Settings, tmp_path: Path) -> None:
    try:
        grp.getgrnam(guests.KVM_GROUP)
    except KeyError:
        pytest.skip(f"no group {guests.KVM_GROUP}: qemu-system-x86 is not installed")
    node = tmp_path / "kvm"
    node.touch()
    node.chmod(0o666)

    assert guests.kvm_access(settings, node).finding == f"group kvm may open {node}"
