"""Many objects for the tests' cloud, the same every time, and the commands its process obeys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from tests.tui.fake_cloud import NOW_S, FakeCloud

_ROLES: Final = ("web", "db", "ci", "cache", "worker", "build", "mail", "proxy")
_STATES: Final = (*["active"] * 12, "stopped", "stopped", "building", "error")
_FLAVORS: Final = tuple(
    {"name": name, "vcpus": vcpus, "memory_mib": memory_mib, "disk_gib": disk_gib}
    for name, vcpus, memory_mib, disk_gib in (
        ("m1.tiny", 1, 512, 1), ("m1.small", 1, 2048, 20), ("m1.medium", 2, 4096, 40),
    )
)  # fmt: skip
_IMAGE: Final = {"id": "c1770000-0000-4000-8000-00000000c1c1", "name": "ami-tiny"}


def add_instances(cloud: FakeCloud, count: int) -> None:
    """Put ``count`` instances of all states into the cloud; no stream is told."""
    known = cloud.objects.setdefault("instance", {})
    for fields in instances(count):
        known[fields["id"]] = fields
    cloud.rev += count


def instances(count: int) -> Iterator[dict[str, Any]]:
    """Yield instances as the event stream tells them."""
    for number in range(count):
        state = _STATES[number * 7 % len(_STATES)]
        born_s = NOW_S - 20 - number * 37 % 8_000_000
        yield {
            "id": f"{number * 2_654_435_761 % (1 << 32):08x}-0000-4000-8000-{number:012x}",
            "name": f"{_ROLES[number % len(_ROLES)]}-{number:05}",
            "status": state.upper(), "vm_state": state,
            "task_state": "spawning" if state == "building" else None,
            "power_state": "running" if state == "active" else "shutdown",
            "host": f"box{number % 4 + 1}", "zone": "nova",
            "flavor": _FLAVORS[number % len(_FLAVORS)], "image": _IMAGE, "key_name": "test",
            "addresses": [f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"],
            "created_at": born_s, "updated_at": born_s + 5,
            "launched_at": born_s + 5 if state == "active" else None,
            "fault": {"message": "No valid host was found: box1 lacks 512 MiB", "code": 500}
            if state == "error" else None,
            "request_id": f"req-{number:08x}-0000-4000-8000-000000000000",
            "project_id": "p1", "user_id": "u1",
        }  # fmt: skip


def command(cloud: FakeCloud, name: str, /, *arguments: Any, **fields: Any) -> Any:
    """Do one command to the cloud; what it returns goes back over the pipe."""
    match name:
        case "put" | "hop" | "remove" | "break_streams" | "reset":
            getattr(cloud, name)(*arguments, **fields)
        case "set":
            for key, value in fields.items():
                setattr(cloud, key, value)
        case "expire_tokens":
            cloud.valid_tokens.clear()
        case "calls":
            return cloud.calls
        case "add_instances":
            add_instances(cloud, *arguments)
        case _:
            raise ValueError(name)
    return None
