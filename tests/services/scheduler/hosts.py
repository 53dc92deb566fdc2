"""Hosts that tests start from."""

from appliance import clock
from appliance.model.host import Host


def host(name: str = "h", **columns: object) -> Host:
    """An empty host that has just reported in; `columns` override."""
    values: dict[str, object] = {
        "name": name, "zone": "nova", "vcpus": 2, "memory_mib": 1024, "disk_gib": 10,
        "hypervisor": "fake", "virt_type": "qemu", "is_enabled": 1, "disabled_reason": None,
        "seen_at": clock.stamp(), "vcpus_used": 0, "memory_mib_used": 0, "disk_gib_used": 0,
        "instances": 0,
    }  # fmt: skip
    return Host(**values | columns)  # type: ignore[arg-type]  # a test's own mistake shows
