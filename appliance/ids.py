"""Identifiers: how each kind looks and how a new one is made."""

import os
import random
import re
import time
import uuid
from typing import Final, NewType

ProjectId = NewType("ProjectId", str)
UserId = NewType("UserId", str)
InstanceId = NewType("InstanceId", str)
ImageId = NewType("ImageId", str)
VolumeId = NewType("VolumeId", str)
SnapshotId = NewType("SnapshotId", str)
NetworkId = NewType("NetworkId", str)
SubnetId = NewType("SubnetId", str)
PortId = NewType("PortId", str)
SecurityGroupId = NewType("SecurityGroupId", str)
RequestId = NewType("RequestId", str)
HopId = NewType("HopId", str)

# Of ids that name and grant nothing. Asking the kernel for each costs 40 µs, a tenth of a request.
_numbers: Final = random.Random()  # noqa: S311 - seeded by the kernel
os.register_at_fork(after_in_child=_numbers.seed)

PREFIX: Final = "nbx"  # of everything we create on a host, so that reset finds it

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_REQUEST = re.compile(r"req-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_uuid() -> str:
    """A random UUID with dashes: instances, images, networks, ports, security groups."""
    return str(uuid.uuid4())


def new_hex() -> str:
    """Thirty-two hexadecimal digits, as Keystone writes project, user and role ids."""
    return uuid.uuid4().hex


def new_request_id() -> RequestId:
    """`req-` and a UUID, as every OpenStack service answers it.

    It begins with the time's milliseconds, of 49 days (RFC 9562, version 8): requests of one time
    lie beside each other in the trace's index, where such of chance would each be on a page of its
    own. Of version 7 the first eight digits, which screens show, would be those of a minute.
    """
    text = f"{time.time_ns() // 1_000_000 & 0xFFFF_FFFF:08x}{_numbers.getrandbits(96):024x}"
    variant = "89ab"[int(text[16], 16) % 4]
    return RequestId(
        f"req-{text[:8]}-{text[8:12]}-8{text[13:16]}-{variant}{text[17:20]}-{text[20:]}"
    )


def new_hop_id() -> HopId:
    """Sixteen hexadecimal digits, the size of an OTLP span id."""
    return HopId(f"{_numbers.getrandbits(64):016x}")


def is_uuid(text: str) -> bool:
    """Whether `text` is a UUID as we write them (lower case, with dashes)."""
    return _UUID.fullmatch(text) is not None


def is_request_id(text: str) -> bool:
    """Whether `text` is a request id; nothing else is taken from a caller's header."""
    return _REQUEST.fullmatch(text) is not None
