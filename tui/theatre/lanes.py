"""The components on the stage of a trace and which of them a hop's end belongs to; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui.client.nouns import Hop

LANES: Final = ("CLI", "API", "DB", "MQ", "SCH", "CMP", "IMG", "OBJ", "NET", "VM")
"""In the order in which a request to run an instance meets them."""

_LANE_BY_WORD: Final = {
    "client": "CLI", "cli": "CLI", "user": "CLI", "tui": "CLI",
    "api": "API", "identity": "API", "metadata": "NET",
    "db": "DB", "database": "DB", "sqlite": "DB",
    "mq": "MQ", "queue": "MQ", "topic": "MQ",
    "scheduler": "SCH", "hosts": "SCH",
    "compute": "CMP", "nova": "CMP", "cache": "CMP", "disk": "CMP",
    "image": "IMG", "glance": "IMG",
    "object": "OBJ", "swift": "OBJ", "store": "OBJ", "storage": "OBJ", "file": "OBJ",
    "volume": "VOL", "pool": "VOL", "export": "VOL", "tgt": "VOL", "lio": "VOL", "iscsi": "VOL",
    "network": "NET", "bridge": "NET", "tap": "NET", "dnsmasq": "NET", "nftables": "NET",
    "linux": "NET", "kernel": "NET",
    "vm": "VM", "guest": "VM", "libvirt": "VM", "domain": "VM", "qemu": "VM", "instance": "VM",
}  # fmt: skip


def of(end: str) -> str:
    """Return the lane of a hop's source or target; the name itself where no lane is its own.

    Names may be qualified: ``compute.box1``, ``queue:scheduler`` and ``libvirt/define`` count
    by their first word.
    """
    first = end.lower()
    for mark in (":", "/", ".", " ", "@"):
        first = first.partition(mark)[0]
    return _LANE_BY_WORD.get(first, end.upper()[:4])


def ends(hop: Hop) -> tuple[str, str]:
    """Return the lanes an arrow goes from and to.

    A message goes into the queue and is taken out of it: its other end is always MQ.
    """
    source, target = of(hop.source), of(hop.target)
    if hop.kind == "sent":
        return source, "MQ"
    if hop.kind == "taken":
        return "MQ", target if source == "MQ" or target != "MQ" else source
    if hop.kind == "state":
        return source, "DB"
    return source, target


def on_stage(hops: Iterable[Hop]) -> Sequence[str]:
    """Return the usual lanes, and after them those that only these hops have."""
    met = {lane for hop in hops for lane in ends(hop)}
    return (*LANES, *sorted(met - set(LANES)))
