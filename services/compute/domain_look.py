"""Pure: what libvirt's XML and statistics of a domain say, as our values. Knows no connection.

Source: libvirt.org/formatdomain; virConnectGetAllDomainStats.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from appliance.model.states import PowerState
from services.compute import domain_xml
from services.compute.guest import DiskUse, Guest, NicUse, Usage

_KIB_BY_UNIT: Final = {"KiB": 1, "MiB": 1024, "GiB": 1024 * 1024}


def guest(xml: str, *, state: PowerState, pid: int | None) -> Guest:
    """What a domain's XML is made of."""
    root = ElementTree.fromstring(xml)  # noqa: S314 (libvirt's own answer)
    return Guest(
        state=state,
        vcpus=int(root.findtext("vcpu") or 0),
        memory_mib=_kib(root.find("memory")) >> 10,
        pid=pid,
        disks=tuple(
            Path(source.get("file", ""))
            for source in root.iterfind("devices/disk/source")
            if source.get("file")
        ),
        backing_by_disk=dict(filter(None, map(_backing, root.iterfind("devices/disk")))),
        mac_by_tap=dict(_nic(one) for one in root.iterfind("devices/interface")),
        volumes=frozenset(domain_xml.volumes_of(xml)),
    )


def usage(stats: Mapping[str, Any], *, info: tuple[int, ...]) -> Usage:
    """What a domain's statistics say; `info` is virDomainGetInfo's, for what they leave out."""
    _, _, memory_kib, _, cpu_time_ns = info
    return Usage(
        cpu_time_ns=int(stats.get("cpu.time", cpu_time_ns)),
        vcpu_times_ns=tuple(
            int(stats.get(f"vcpu.{number}.time", 0)) for number in _numbers(stats, "vcpu.current")
        ),
        memory_kib=int(stats.get("balloon.current", memory_kib)),
        rss_kib=int(stats.get("balloon.rss", 0)),
        disks=tuple(_disk(stats, f"block.{n}") for n in _numbers(stats, "block.count")),
        nics=tuple(_net(stats, f"net.{n}") for n in _numbers(stats, "net.count")),
    )


def _numbers(stats: Mapping[str, Any], count: str) -> range:
    return range(int(stats.get(count, 0)))


def _disk(stats: Mapping[str, Any], at: str) -> DiskUse:
    def of(name: str) -> int:
        return int(stats.get(f"{at}.{name}", 0))

    return DiskUse(
        name=str(stats.get(f"{at}.name", "")), read_bytes=of("rd.bytes"),
        read_requests=of("rd.reqs"), write_bytes=of("wr.bytes"), write_requests=of("wr.reqs"),
    )  # fmt: skip


def _net(stats: Mapping[str, Any], at: str) -> NicUse:
    def of(name: str) -> int:
        return int(stats.get(f"{at}.{name}", 0))

    return NicUse(
        tap=str(stats.get(f"{at}.name", "")),
        rx_bytes=of("rx.bytes"), rx_packets=of("rx.pkts"),
        rx_errors=of("rx.errs"), rx_dropped=of("rx.drop"),
        tx_bytes=of("tx.bytes"), tx_packets=of("tx.pkts"),
        tx_errors=of("tx.errs"), tx_dropped=of("tx.drop"),
    )  # fmt: skip


def _backing(disk: Element) -> tuple[Path, Path] | None:
    source, below = disk.find("source"), disk.find("backingStore/source")
    if source is None or below is None or not (source.get("file") and below.get("file")):
        return None
    return Path(source.get("file", "")), Path(below.get("file", ""))


def _nic(interface: Element) -> tuple[str, str]:
    target, mac = interface.find("target"), interface.find("mac")
    return (
        target.get("dev", "") if target is not None else "",
        mac.get("address", "") if mac is not None else "",
    )


def _kib(memory: Element | None) -> int:
    if memory is None or not memory.text:
        return 0
    return int(memory.text) * _KIB_BY_UNIT[memory.get("unit", "KiB")]
