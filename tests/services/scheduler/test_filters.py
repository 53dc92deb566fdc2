"""Filters: what each says, in numbers, whether it lets the host pass or not."""

import pytest

from appliance import config
from services.scheduler import filters
from tests.services.scheduler.hosts import host


@pytest.mark.parametrize(
    ("columns", "name"),
    [
        ({"seen_at": "2020-01-01T00:00:00.000000Z"}, "HostUpFilter"),
        ({"is_enabled": 0}, "ComputeFilter"),
        ({"zone": "elsewhere"}, "AvailabilityZoneFilter"),
        ({"vcpus_used": 32}, "CoreFilter"),
        ({"vcpus": 1}, "CoreFilter"),
        ({"memory_mib_used": 600}, "RamFilter"),
        ({"disk_gib_used": 20}, "DiskFilter"),
    ],
)
def test_each_filter_refuses_with_its_reason(columns: dict[str, object], name: str) -> None:
    request = filters.Request(vcpus=2, memory_mib=512, disk_gib=1, zone="nova")
    (verdict,) = filters.sift([host(**columns)], request, config.Scheduler())

    assert not verdict.is_fit
    assert [refusal.filter for refusal in verdict.refusals] == [name]


def test_a_host_that_passes_says_how_much_room_it_has() -> None:
    request = filters.Request(vcpus=1, memory_mib=512, disk_gib=1)
    (verdict,) = filters.sift([host(memory_mib_used=100)], request, config.Scheduler())
    room = {check.filter: (check.asked, check.free, check.limit) for check in verdict.checks}

    assert verdict.is_fit
    assert verdict.refusals == []
    assert room == {
        "HostUpFilter": (None, None, None), "ComputeFilter": (None, None, None),
        "AvailabilityZoneFilter": (None, None, None), "CoreFilter": (1, 32, 32),
        "RamFilter": (512, 924, 1024), "DiskFilter": (1, 20, 20),
    }  # fmt: skip


def test_every_filter_speaks_though_an_earlier_one_refused() -> None:
    """A person who makes room for memory wants to know at once that the disk is short too."""
    request = filters.Request(vcpus=1, memory_mib=5000, disk_gib=500)
    (verdict,) = filters.sift([host()], request, config.Scheduler())

    assert [check.filter for check in verdict.refused] == ["RamFilter", "DiskFilter"]
    assert verdict.is_willing
