"""The machine itself: it has what other kernels lack, and nothing done in it reaches the host."""

from pathlib import Path

import pytest

from appliance import command, errors

pytestmark = pytest.mark.vm


@pytest.mark.parametrize("module", ["iscsi_target_mod", "target_core_file", "dm_thin_pool", "loop"])
def test_its_kernel_has(module: str) -> None:
    command.run(["modprobe", module], failing_as=errors.HostError)

    assert Path("/sys/module", module).exists()


def test_the_hosts_root_is_below_a_layer_in_memory() -> None:
    mounts = dict(line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines())

    assert mounts["/"] == "overlay"
