import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import config, errors, kvm, processes

SOURCE = Path(kvm.__file__).with_name("kvm_probe.S")


def test_what_is_configured_is_not_looked_for(settings: config.Settings) -> None:
    configured = config.parse({"compute": {"virt_type": "qemu"}}, home=settings.home)

    assert kvm.choose(configured).virt_type == "qemu"
    assert not configured.run_dir.exists()


def test_a_virt_type_that_does_not_exist_is_refused(settings: config.Settings) -> None:
    configured = config.parse({"compute": {"virt_type": "xen"}}, home=settings.home)

    with pytest.raises(errors.ConfigError, match="xen"):
        kvm.choose(configured)


@pytest.mark.host
def test_a_look_is_kept_for_the_hosts_boot(settings: config.Settings) -> None:
    """A machine is started once, however often the worker is; after a reboot again."""
    kept = settings.run_dir / "kvm.json"
    kept.parent.mkdir()
    known = {"virt_type": "kvm", "reason": "seen", "boot_id": kvm.boot()}
    kept.write_text(json.dumps(known))
    assert kvm.choose(settings) == kvm.Verdict(virt_type="kvm", reason="seen")

    for stale in (json.dumps(known | {"boot_id": "an older one"}), "{}", "torn"):
        kept.write_text(stale)
        assert kvm.choose(settings).reason != "seen"
    assert json.loads(kept.read_text())["boot_id"] == kvm.boot()


@pytest.mark.host
def test_a_machine_that_works_comes_to_its_last_letter() -> None:
    """Emulated, since this host may have no KVM that works."""
    assert kvm.probe("tcg") == (b"123K", "")


@pytest.mark.host
def test_a_look_that_is_killed_leaves_no_machine_behind() -> None:
    if not Path("/dev/kvm").exists() or kvm.look().virt_type == "kvm":
        pytest.skip("needs a /dev/kvm under which a machine hangs: else there is no time to kill")
    code = "from appliance import kvm; kvm.look()"
    with subprocess.Popen([sys.executable, "-c", code]) as looking:
        machine = _wait_for(lambda: _child_of(looking.pid))
        looking.kill()
    _wait_for(lambda: not processes.is_alive(machine))


def _child_of(pid: int) -> int:
    """Pid of the QEMU that process `pid` runs, or 0."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    for child in children:
        if Path(f"/proc/{child}/comm").read_text().startswith("qemu"):
            return int(child)
    return 0


def _wait_for(found: Callable[[], int]) -> int:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.02)
    raise AssertionError("it did not happen within 20 s")


def test_the_probe_is_what_the_assembler_makes_of_its_source(tmp_path: Path) -> None:
    if shutil.which("as") is None or shutil.which("ld") is None:
        pytest.skip("the assembler (binutils) is not installed")
    made, linked = tmp_path / "p.o", tmp_path / "p.bin"
    for argv in (
        ["as", "-o", made, SOURCE],
        ["ld", "-Ttext", "0", "--oformat", "binary", "-e", "0", "-o", linked, made],
    ):
        subprocess.run(list(map(str, argv)), check=True, timeout=30)

    assert linked.read_bytes() == kvm.PROBE
