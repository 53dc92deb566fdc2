"""How much more an account or a container may hold (Swift, container_quotas.py, account_quotas.py).

Like Swift it counts what is there and what comes: that an object is replaced makes no room before.
It refuses to know who may set a quota.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from services.object.refusals import Refused
from storage.objects.container import ContainerInfo
from storage.objects.store import AccountInfo

CONTAINER_BYTES: Final = "X-Container-Meta-Quota-Bytes"
CONTAINER_COUNT: Final = "X-Container-Meta-Quota-Count"
ACCOUNT_BYTES: Final = ("X-Account-Quota-Bytes", "X-Account-Meta-Quota-Bytes")  # new and old name
ACCOUNT_COUNT: Final = "X-Account-Quota-Count"
OF_ACCOUNT: Final = (*ACCOUNT_BYTES, ACCOUNT_COUNT)
_EXCEEDED: Final = "Upload exceeds quota."


def check_container(changes: Mapping[str, str | None]) -> None:
    """Refuse to set a container's quota to what is no number: 400."""
    for name, kind in ((CONTAINER_BYTES, "bytes"), (CONTAINER_COUNT, "count")):
        if not _is_number(changes.get(name)):
            raise Refused(400, f"Invalid {kind} quota.")


def check_account(changes: Mapping[str, str | None]) -> None:
    """Refuse to set an account's quota to what is no number: 400."""
    if not all(_is_number(changes.get(name)) for name in OF_ACCOUNT):
        raise Refused(400, "Invalid quota.")


def room(
    of_container: Mapping[str, str],
    of_account: Mapping[str, str],
    *,
    read_container: Callable[[], ContainerInfo],
    read_account: Callable[[], AccountInfo],
) -> int | None:
    """Return how many bytes a new object may have; None: as many as it likes.

    Of both there is the metadata; counts are read only of one that has a quota. Refuses an object
    too many: 413.
    """
    rooms = []
    if CONTAINER_BYTES in of_container or CONTAINER_COUNT in of_container:
        container = read_container()
        if (quota := _number(of_container, CONTAINER_BYTES)) is not None:
            rooms.append(quota - container.bytes_used)
        _check_count(container.object_count, _number(of_container, CONTAINER_COUNT))
    if not of_account.keys().isdisjoint(OF_ACCOUNT):
        account = read_account()
        rooms += [
            quota - account.bytes_used
            for name in ACCOUNT_BYTES
            if (quota := _number(of_account, name)) is not None
        ]
        _check_count(account.object_count, _number(of_account, ACCOUNT_COUNT))
    return max(0, min(rooms)) if rooms else None


def check_size(size_bytes: int, room_bytes: int | None) -> None:
    """Refuse what does not fit: 413."""
    if room_bytes is not None and size_bytes > room_bytes:
        raise Refused(413, _EXCEEDED)


def _check_count(count: int, quota: int | None) -> None:
    if quota is not None and count >= quota:
        raise Refused(413, _EXCEEDED)


def _number(metadata: Mapping[str, str], name: str) -> int | None:
    text = metadata.get(name)
    return int(text) if text and _is_number(text) else None


def _is_number(text: str | None) -> bool:
    return text is None or (text.isascii() and text.isdigit() and len(text) < 20)
