"""The driver of a Linux host: bridges, taps and connections by netlink, rules by nft, DHCP.

The only import of pyroute2, whose `Any` does not leave this file. Knows no database.
"""

import dataclasses
import errno
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from pyroute2.iproute.linux import IPRoute
from pyroute2.netlink.exceptions import NetlinkError
from pyroute2.netlink.nfnetlink.nfctsocket import NFCTAttrTuple, NFCTSocket

from appliance import errors, trace
from appliance.model.network import BRIDGE_PREFIX, TAP_PREFIX
from services.network import dhcp, dnsmasq, forwarding, ruleset
from services.network.dnsmasq import Lease
from services.network.driver import Report
from services.network.plan import Bridge, HostNetwork, HostPlan, Tap, bridges, taps

_AF_INET: Final = 2
_IFF_UP: Final = 1
_BRIDGE: Final = {
    "br_stp_state": 0,
    "br_forward_delay": 0,
    "br_mcast_snooping": 0,
    "br_nf_call_iptables": 1,
}
_INFO: Final = ("IFLA_LINKINFO",)
_SKIP_STATS: Final = 8  # RTEXT_FILTER_SKIP_STATS halves the time of a dump


@dataclass(frozen=True, slots=True, kw_only=True)
class _Link:
    """One network device of ours, as the kernel has it."""

    index: int
    kind: str
    alias: str
    master: int
    mtu: int
    mac_address: str
    is_up: bool
    is_filtered: bool  # a bridge: its packets pass the inet tables
    is_hairpin: bool  # a bridge port: may send back out where it came in
    addresses: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Done:
    """What one call did so far."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def note(self, did: Literal["created", "changed"] | None, what: str) -> None:
        if did == "created":
            self.created.append(what)
        elif did == "changed":
            self.changed.append(what)

    def report(self) -> Report:
        return Report(
            created=tuple(self.created), changed=tuple(self.changed), removed=tuple(self.removed)
        )


class LinuxDriver:
    """The NetworkDriver of the network namespace it is called in; its files in one directory."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._rules = ruleset.RuleSet(directory / "granted.json")
        self._forward_was = directory / "ip_forward"
        self._dhcp = dhcp.Servers(directory)

    def apply(self, plan: HostPlan) -> Report:
        """See NetworkDriver: stale devices go, then rules, bridges, taps, DHCP."""
        done = _Done()
        wanted_bridges, wanted_taps = bridges(plan), taps(plan)
        forwarding.require_bridge_filter()
        forwarding.enable(self._forward_was)
        with _netlink() as netlink:
            found = _links(netlink)
            self._stop_servers(
                self._dhcp.known() - {n.bridge for n in plan.networks if n.enable_dhcp}, done=done
            )
            stale = found.keys() - wanted_bridges.keys() - wanted_taps.keys()
            _delete(netlink, {name: found.pop(name) for name in stale}, done=done)
            done.note(self._rules.load(plan), "rules")
            _end_connections(self._rules.revoked(plan), done=done)
            self._rules.settle(plan)
            for name, bridge in wanted_bridges.items():
                found[name] = _make_bridge(netlink, name, bridge, found=found.get(name), done=done)
            for name, tap in wanted_taps.items():
                master = found[tap.bridge].index
                _make_tap(netlink, name, tap, found=found.get(name), master=master, done=done)
        for network in plan.networks:
            if network.enable_dhcp:
                did = self._dhcp.ensure(network, plan.ports_of(network))
                done.note(did, f"dhcp {network.bridge}")
        return done.report()

    def survey(self) -> HostNetwork:
        """See NetworkDriver."""
        with _netlink() as netlink:
            found = _links(netlink)
        names = {link.index: name for name, link in found.items()}
        return HostNetwork(
            bridges={
                name: Bridge(
                    network_id=link.alias,
                    mac_address=link.mac_address,
                    mtu=link.mtu,
                    addresses=link.addresses,
                )
                for name, link in found.items()
                if name.startswith(BRIDGE_PREFIX)
            },
            taps={
                name: Tap(port_id=link.alias, bridge=names.get(link.master, ""), mtu=link.mtu)
                for name, link in found.items()
                if name.startswith(TAP_PREFIX)
            },
            rules=self._rules.loaded(),
            dhcp=self._dhcp.survey(),
        )

    def leases(self) -> tuple[Lease, ...]:
        """See NetworkDriver."""
        return dnsmasq.kept(self._directory)

    def clear(self) -> Report:
        """See NetworkDriver; ip_forward goes back to what it was if we switched it on."""
        done = _Done()
        self._stop_servers(self._dhcp.known() | self._dhcp.strays(), done=done)
        with _netlink() as netlink:
            _delete(netlink, _links(netlink), done=done)
        if self._rules.remove():
            done.removed.append("rules")
        _end_connections(self._rules.revoked(HostPlan()), done=done)
        self._rules.settle(HostPlan())
        forwarding.restore(self._forward_was)
        return done.report()

    def _stop_servers(self, names: set[str], *, done: _Done) -> None:
        done.removed += [f"dhcp {name}" for name in sorted(names) if self._dhcp.stop(name)]


@contextmanager
def _netlink() -> Iterator[Any]:
    """An IPRoute whose errors are ours. Never NDB: it is broken in pyroute2 0.9.5 to 0.9.7."""
    try:
        with IPRoute() as netlink:
            yield netlink
    except (NetlinkError, OSError) as error:
        raise errors.NetworkError(f"the kernel refused a change of its network: {error}") from error


def _links(netlink: Any) -> dict[str, _Link]:
    """Our devices by name, from one dump of links and one of addresses."""
    addresses: dict[int, set[str]] = {}
    for message in netlink.get_addr(family=_AF_INET):
        address = f"{message.get('local') or message.get('address')}/{message['prefixlen']}"
        addresses.setdefault(message["index"], set()).add(address)
    return {
        str(message.get("ifname")): _link(message, addresses.get(message["index"], set()))
        for message in netlink.get_links(ext_mask=_SKIP_STATS)
        if str(message.get("ifname")).startswith((BRIDGE_PREFIX, TAP_PREFIX))
    }


def _link(message: Any, addresses: set[str]) -> _Link:
    return _Link(
        index=int(message["index"]),
        kind=str(message.get_nested(*_INFO, "IFLA_INFO_KIND")),
        alias=str(message.get("ifalias") or ""),
        master=int(message.get("master") or 0),
        mtu=int(message.get("mtu")),
        mac_address=str(message.get("address")),
        is_up=bool(message["flags"] & _IFF_UP),
        is_filtered=bool(message.get_nested(*_INFO, "IFLA_INFO_DATA", "IFLA_BR_NF_CALL_IPTABLES")),
        is_hairpin=bool(message.get_nested(*_INFO, "IFLA_INFO_SLAVE_DATA", "IFLA_BRPORT_MODE")),
        addresses=frozenset(addresses),
    )


def _delete(netlink: Any, links: dict[str, _Link], *, done: _Done) -> None:
    """Taps before bridges."""
    for name in sorted(links, reverse=True):
        with trace.hop("driver", f"delete {_noun(name)}", target="kernel", device=name):
            netlink.link("del", index=links[name].index)
        done.removed.append(f"{_noun(name)} {name}")


def _make_bridge(
    netlink: Any, name: str, bridge: Bridge, *, found: _Link | None, done: _Done
) -> _Link:
    """Make or repair one bridge; answer it as it is then."""
    did: Literal["created", "changed"] | None = None
    if found is None:
        with trace.hop("driver", "add bridge", target="kernel", bridge=name):
            netlink.link("add", ifname=name, kind="bridge", address=bridge.mac_address, **_BRIDGE)
        found, did = _find(netlink, name), "created"
    want = dataclasses.replace(
        found,
        kind="bridge",
        alias=bridge.network_id,
        mtu=bridge.mtu,
        mac_address=bridge.mac_address,
        is_up=True,
        is_filtered=True,
        addresses=bridge.addresses,
    )
    if want != found:
        _refuse_other_kind(name, found, want)
        netlink.link("set", index=want.index, kind="bridge", br_nf_call_iptables=1)
        netlink.link(
            "set",
            index=want.index,
            address=want.mac_address,
            ifalias=want.alias,
            mtu=want.mtu,
            state="up",
        )
        _set_addresses(netlink, found, want)
        did = did or "changed"
    done.note(did, f"bridge {name}")
    return want


def _make_tap(
    netlink: Any, name: str, tap: Tap, *, found: _Link | None, master: int, done: _Done
) -> None:
    """Make or repair one tap; a guest that holds it open keeps it."""
    did: Literal["created", "changed"] | None = None
    if found is None:
        with trace.hop("driver", "add tap", target="kernel", tap=name, port=tap.port_id):
            netlink.link("add", ifname=name, kind="tuntap", mode="tap")
        found, did = _find(netlink, name), "created"
    want = dataclasses.replace(
        found,
        kind="tun",
        alias=tap.port_id,
        master=master,
        mtu=tap.mtu,
        is_up=True,
        is_hairpin=True,
    )
    if want != found:
        _refuse_other_kind(name, found, want)
        netlink.link(
            "set", index=want.index, master=master, ifalias=want.alias, mtu=want.mtu, state="up"
        )
        netlink.brport("set", index=want.index, mode=1)  # mode 1: hairpin
        did = did or "changed"
    done.note(did, f"tap {name}")


def _find(netlink: Any, name: str) -> _Link:
    return _link(netlink.get_links(ifname=name)[0], set())


def _refuse_other_kind(name: str, found: _Link, want: _Link) -> None:
    if found.kind != want.kind:
        raise errors.NetworkError(
            f"device {name} is there already and is of kind {found.kind}: run `ip link del {name}`"
        )


def _set_addresses(netlink: Any, found: _Link, want: _Link) -> None:
    """Stale ones first; with them the kernel drops others of the same range, so all come again."""
    stale = found.addresses - want.addresses
    missing = want.addresses if stale else want.addresses - found.addresses
    for verb, addresses in (("del", stale), ("replace", missing)):
        for address in sorted(addresses):
            ip, _, length = address.partition("/")
            netlink.addr(verb, index=want.index, address=ip, prefixlen=int(length))


def _end_connections(addresses: Iterable[str], *, done: _Done) -> None:
    """Forget the connections of these addresses; their next packets meet the rules anew."""
    try:
        with NFCTSocket() as conntrack:
            for ip in addresses:
                side = NFCTAttrTuple(saddr=ip)  # the one who asked, or the one who answered
                flows = [*conntrack.dump(tuple_orig=side), *conntrack.dump(tuple_reply=side)]
                for flow in flows:
                    _forget(conntrack, flow)
                if flows:
                    done.removed.append(f"connections {ip}")
    except (NetlinkError, OSError) as error:
        raise errors.NetworkError(f"connections of revoked rules did not end: {error}") from error


def _forget(conntrack: Any, flow: Any) -> None:
    original = NFCTAttrTuple.from_netlink(_AF_INET, flow.get_attr("CTA_TUPLE_ORIG"))
    try:
        conntrack.entry("del", tuple_orig=original)
    except NetlinkError as error:
        if error.code != errno.ENOENT:  # it ended by itself
            raise


def _noun(name: str) -> str:
    return "tap" if name.startswith(TAP_PREFIX) else "bridge"
