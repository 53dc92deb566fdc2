"""Names of disks: as clients ask for them, and as a virtio bus has them."""

import pytest

from appliance import errors
from services.compute import devices


def test_the_next_free_name_follows_those_that_are_taken() -> None:
    assert devices.choose(None, []) == "/dev/vdb"
    assert devices.choose(None, ["/dev/vda", "/dev/sdb", "/dev/vdd"]) == "/dev/vdc"


@pytest.mark.parametrize("asked", ["/dev/vdf", "/dev/sdf", "/dev/xvdf", "/dev/hdf", "/dev/sdf1"])
def test_a_name_is_kept_as_asked_and_is_one_disk_on_the_bus(asked: str) -> None:
    assert devices.choose(asked, ["/dev/vda"]) == asked
    assert devices.target(asked) == "vdf"
    with pytest.raises(errors.InUse, match=f"path \\({asked}\\) is in use"):
        devices.choose(asked, ["/dev/vdf"])


def test_a_name_without_its_folder_gets_it() -> None:
    assert devices.choose("vdc", []) == "/dev/vdc"


@pytest.mark.parametrize("asked", ["", "/dev/", "/dev/vd", "/dev/vdaa", "../etc/vdb", "/dev/nvme0"])
def test_what_is_no_path_of_a_disk_is_refused(asked: str) -> None:
    with pytest.raises(errors.BadRequest, match="is invalid"):
        devices.choose(asked, [])


def test_the_config_drives_name_and_a_twenty_fifth_disk_are_refused() -> None:
    with pytest.raises(errors.InUse):
        devices.choose("/dev/vdz", [])
    taken = ["/dev/vda"]
    while len(taken) < 25:
        taken.append(devices.choose(None, taken))
    with pytest.raises(errors.Forbidden, match="maximum allowed number of disk devices"):
        devices.choose(None, taken)
