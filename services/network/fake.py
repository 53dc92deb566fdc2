"""The NetworkDriver without a host: what would be there is one JSON file, shared by processes."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from services.network import dnsmasq, nftables, state_file
from services.network.dnsmasq import Lease
from services.network.driver import Report
from services.network.plan import Bridge, HostNetwork, HostPlan, Tap, bridges, taps


def as_planned(plan: HostPlan) -> HostNetwork:
    """What any driver's `survey` finds after `apply(plan)`."""
    return HostNetwork(
        bridges=bridges(plan),
        taps=taps(plan),
        rules=nftables.digest(nftables.rules(plan)),
        dhcp={
            network.bridge: dnsmasq.hosts(plan.ports_of(network))
            for network in plan.networks
            if network.enable_dhcp
        },
    )


class FakeDriver:
    """A host in `directory/host.json`."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "host.json"

    def apply(self, plan: HostPlan) -> Report:
        """See NetworkDriver; here it happens all at once."""
        was, now = self.survey(), as_planned(plan)
        if now != was:
            state_file.replace(self._path, _to_json(now))
        return _compare(_things(was), _things(now))

    def survey(self) -> HostNetwork:
        """See NetworkDriver."""
        text = state_file.read(self._path)
        return _from_json(text) if text else HostNetwork()

    def leases(self) -> tuple[Lease, ...]:
        """See NetworkDriver; here what a test wrote as dnsmasq would."""
        return dnsmasq.kept(self._path.parent)

    def clear(self) -> Report:
        """See NetworkDriver."""
        was = self.survey()
        self._path.unlink(missing_ok=True)
        return _compare(_things(was), {})


def _things(host: HostNetwork) -> dict[str, object]:
    """Everything on a host under the names that a Report uses."""
    things: dict[str, object] = {f"bridge {name}": it for name, it in host.bridges.items()}
    things |= {f"tap {name}": it for name, it in host.taps.items()}
    things |= {f"dhcp {name}": it for name, it in host.dhcp.items()}
    return things | ({} if host.rules is None else {"rules": host.rules})


def _compare(was: Mapping[str, object], now: Mapping[str, object]) -> Report:
    return Report(
        created=tuple(sorted(now.keys() - was.keys())),
        changed=tuple(sorted(name for name in now.keys() & was.keys() if now[name] != was[name])),
        removed=tuple(sorted(was.keys() - now.keys())),
    )


def _to_json(host: HostNetwork) -> str:
    return json.dumps(asdict(host), default=sorted, indent=1, sort_keys=True)  # sets as lists


def _from_json(text: str) -> HostNetwork:
    found = json.loads(text)
    return HostNetwork(
        bridges={
            name: Bridge(**bridge | {"addresses": frozenset(bridge["addresses"])})
            for name, bridge in found["bridges"].items()
        },
        taps={name: Tap(**tap) for name, tap in found["taps"].items()},
        rules=found["rules"],
        dhcp={name: tuple(lines) for name, lines in found["dhcp"].items()},
    )
