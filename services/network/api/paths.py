"""Whether one end reaches another, check by check, and the rule that would open the way.

The rows are read as the planner reads them, and judged by `reachability`; whether taps, guests and
leases are really there says the host's network worker. Nothing is changed here.
"""

import dataclasses
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from appliance import config, context, errors, inquiry, policy
from appliance.db import connection, instances, ports, security_groups
from appliance.model.instance import Instance
from appliance.model.network import Port
from appliance.model.security_group import DEFAULT, Direction, Rule
from appliance.model.states import VmState
from services.network import planner, reachability, rule_check
from services.network.plan import HostPlan
from services.network.reachability import HOST, Check, Packet

OUTSIDE: Final = "outside"  # anybody, somewhere beyond this machine
_PORTS: Final = range(1, 65_536)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The ends: an instance's id, an address, `outside`, or (as source) `host`."""

    source: str
    target: str
    protocol: str = "tcp"
    port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What would let it through: a rule for `group_id`, or (no rule) what a person can do."""

    text: str
    rule: Rule | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The answer: what has to be passed, in order, and what would open the first that is not."""

    checks: tuple[Check, ...]
    fix: Fix | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _End:
    """One end; `port` and `instance` where it is a guest."""

    name: str
    address: str | None = None
    port: Port | None = None
    instance: Instance | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """The verb; may be used by many threads."""

    settings: config.Settings
    db: connection.Database

    def check(self, ctx: context.RequestContext, asked: Asked) -> Verdict:
        """The path. Raises BadRequest, and NotFound for an end that the caller may not see."""
        policy.check(ctx, "novabox:check_path")
        _check_service(asked)
        source = self._end(ctx, asked.source, other=asked.target)
        target = self._end(ctx, asked.target, other=asked.source)
        if source.port is None and target.port is None:
            raise errors.BadRequest("neither end is an instance of yours")
        if asked.target == HOST:
            raise errors.BadRequest("a path to the host is not checked: guests reach its DNS only")
        with self.db.transaction() as tx:
            host = next((e.port.host for e in (source, target) if e.port and e.port.host), None)
            plan = planner.plan(tx, self.settings, host or self.settings.host)
        packet = Packet(
            source=HOST if asked.source == HOST else source.address,
            target=_from_outside(plan, source, target),
            protocol=asked.protocol.lower(), port=asked.port,
        )  # fmt: skip
        wiring = _wiring(self.settings.run_dir, host or self.settings.host)
        checks = tuple(self._checks(plan, packet, source, target, wiring))
        return Verdict(checks=checks, fix=self._fix(plan, packet, source, target, checks))

    def _end(self, ctx: context.RequestContext, name: str, *, other: str) -> _End:
        if name in (OUTSIDE, HOST):
            return _End(name=name)
        address = _address(name)
        if address is None:
            instance = instances.get_visible(self.db, name, ctx)
            return self._guest(instance, other)
        port = _port_at(ports.of_project(self.db, None), address)
        if port is None:
            return _End(name=address, address=address)
        if not (ctx.is_admin or port.project_id == ctx.project_id):
            raise errors.NotFound("port", address)
        instance_id = port.instance_id
        row = instances.get(self.db, instance_id) if instance_id else None
        return _End(name=row.name if row else address, address=address, port=port, instance=row)

    def _guest(self, instance: Instance, other: str) -> _End:
        """An instance at its first port; better, the one on a network of the other end's."""
        found = ports.of_instance(self.db, instance.id)
        theirs = {port.network_id for port in ports.of_instance(self.db, other)}
        found.sort(key=lambda port: port.network_id not in theirs)
        if not found:
            raise errors.BadRequest(f"instance {instance.name} has no port on any network")
        port = found[0]
        address = port.fixed_ips[0].ip if port.fixed_ips else None
        return _End(name=instance.name, address=address, port=port, instance=instance)

    def _checks(
        self, plan: HostPlan, packet: Packet, source: _End, target: _End, wiring: dict[str, Any]
    ) -> Iterable[Check]:
        yield from _present(plan, source, wiring)
        if (source.port and not source.address) or (target.port and not target.address):
            yield from _present(plan, target, wiring)
            return
        judged = reachability.checks(plan, packet)
        for check in judged:
            if check.what == "ingress":
                yield from _present(plan, target, wiring)
            yield self._named(check, source if check.what == "egress" else target)
        if target.port and not any(check.what == "ingress" for check in judged):
            yield from _present(plan, target, wiring)

    def _named(self, check: Check, end: _End) -> Check:
        """The same check with the names that a person gave its rules' groups."""
        if check.what not in ("egress", "ingress"):
            return check
        word = "lets in" if check.what == "ingress" else "lets out"
        if check.rule is None:
            groups = ", ".join(self._group_names(end)) or "no group"
            text = f"{groups}: {check.text}"
        else:
            group = security_groups.get(self.db, check.rule.group_id).name
            text = f"group {group} {word} {self._words(check.rule)}"
        return dataclasses.replace(check, text=text)

    def _group_names(self, end: _End) -> list[str]:
        found = end.port.security_group_ids if end.port else ()
        return [f"group {security_groups.get(self.db, one).name}" for one in found]

    def _words(self, rule: Rule) -> str:
        """A rule as a person reads it, with its remote group by name."""
        if rule.remote_group_id is None:
            return rule_check.about(rule)
        group = security_groups.get(self.db, rule.remote_group_id).name
        return rule_check.about(rule, remote=f"group {group}")

    def _fix(
        self, plan: HostPlan, packet: Packet, source: _End, target: _End, checks: tuple[Check, ...]
    ) -> Fix | None:
        """For the first check that fails; None when all pass, or nothing would help."""
        failed = next((one for one in checks if one.is_passed is False), None)
        if failed is None:
            return None
        if failed.what not in ("egress", "ingress"):
            advice = _ADVICE.get(failed.what)
            return Fix(text=advice) if advice else None
        own, other = (source, target) if failed.what == "egress" else (target, source)
        rule = self._rule(packet, failed.what == "ingress", own, other)
        if rule is None or failed.port is None:
            return None
        remote = packet.source if failed.what == "ingress" else other.address
        remote = _gateway(plan, failed.port.network_id) if remote == HOST else remote
        direction: Direction = "ingress" if failed.what == "ingress" else "egress"
        if rule.remote_group_id:
            members = security_groups.members(self.db, [rule.remote_group_id])
            plan = dataclasses.replace(plan, members={**plan.members, **members})
        if reachability.letting(plan, [rule], direction, remote, packet) is None:
            rule = dataclasses.replace(rule, remote_group_id=None, remote_cidr=_cidr(remote))
        group = security_groups.get(self.db, rule.group_id).name
        word = "to let in" if direction == "ingress" else "to let out"
        return Fix(text=f"a rule in group {group} {word} {self._words(rule)}", rule=rule)

    def _rule(self, packet: Packet, is_ingress: bool, own: _End, other: _End) -> Rule | None:
        """The narrowest rule that opens it: for the other's group, or its address, or everybody."""
        group_ids = own.port.security_group_ids if own.port else ()
        named = [security_groups.get(self.db, one) for one in group_ids]
        named.sort(key=lambda group: group.name == DEFAULT)
        if not named:
            return None
        theirs = other.port.security_group_ids if other.port else ()
        group_id = theirs[0] if theirs and is_ingress else None
        return Rule(
            id="", group_id=named[0].id, direction="ingress" if is_ingress else "egress",
            protocol=packet.protocol, port_min=packet.port,
            port_max=packet.port if packet.protocol != "icmp" else None,
            remote_group_id=group_id, remote_cidr=None if group_id else _cidr(other.address),
        )  # fmt: skip


_ADVICE: Final = {
    "runs": "start the instance",
    "port": "the network worker wires it at its next round (30 s), or start the instance",
    "lease": "the guest has to ask DHCP: look at its console",
    "bridge": "give one of the two a port on the other's network",
    "address": "name an instance",
}


def _present(plan: HostPlan, end: _End, wiring: dict[str, Any]) -> Iterable[Check]:
    """Whether a guest is there at all: it runs, its tap is up, and it has its address."""
    if end.port is None:
        return
    if end.instance is not None:
        state = end.instance.vm_state
        text = f"{end.name} is {end.instance.task_state or state}"
        yield Check(what="runs", is_passed=state is VmState.ACTIVE, text=text)
    planned = reachability.port_at(plan, end.address)
    if planned is None:
        yield Check(what="port", is_passed=False, text=f"{end.name} has no wired port")
        return
    found = wiring.get("ports", {}).get(end.port.id)
    yield _tap(planned.tap, found, wiring)
    yield _lease(end, found, wiring)


def _tap(tap: str, found: dict[str, Any] | None, wiring: dict[str, Any]) -> Check:
    if found is None:
        return Check(what="port", is_passed=None, text=wiring.get("reason", f"{tap} is not known"))
    is_right = bool(found["is_there"] and found["is_right"])
    text = f"{tap} is on {found['wanted_bridge']}" if is_right else f"{tap} is not as planned"
    return Check(what="port", is_passed=is_right, text=text)


def _lease(end: _End, found: dict[str, Any] | None, wiring: dict[str, Any]) -> Check:
    if found is None:
        return Check(what="lease", is_passed=None, text=wiring.get("reason", "not known"))
    lease = found["lease"]
    if lease and lease["ip"] == end.address:
        return Check(what="lease", is_passed=True, text=f"{end.name} has taken {end.address}")
    text = f"{end.name} has not asked DHCP for {end.address} yet"
    return Check(what="lease", is_passed=False, text=text)


def _wiring(run_dir: Path, host: str) -> dict[str, Any]:
    """What the network worker says; only the reason when it does not."""
    try:
        return dict(inquiry.ask(run_dir, f"network.{host}", "wiring"))
    except errors.Unavailable as error:
        return {"reason": str(error)}


def _from_outside(plan: HostPlan, source: _End, target: _End) -> str | None:
    """Where it is addressed to: from outside a guest is at its floating IP, if it has one."""
    if source.port is None and source.name != HOST:
        for floating, fixed in plan.floating_ips.items():
            if fixed == target.address:
                return floating
    return target.address


def _address(text: str) -> str | None:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return None


def _port_at(found: list[Port], ip: str) -> Port | None:
    return next((port for port in found if ip in {one.ip for one in port.fixed_ips}), None)


def _gateway(plan: HostPlan, network_id: str) -> str | None:
    return next((one.gateway_ip for one in plan.networks if one.id == network_id), None)


def _cidr(address: str | None) -> str | None:
    return f"{address}/32" if address else None


def _check_service(asked: Asked) -> None:
    """Raise BadRequest for a protocol or port that no rule could name."""
    name = asked.protocol.lower()
    wanted = rule_check.RuleRequest(
        group_id="", direction="ingress", protocol=name, port_min=asked.port,
        port_max=None if name == "icmp" else asked.port,
    )  # fmt: skip
    rule_check.checked(wanted)
    if name in ("tcp", "udp") and asked.port not in _PORTS:
        raise errors.BadRequest(f"{name} needs a port of 1 to 65535")
    if name in ("any", ""):
        raise errors.BadRequest("a packet has one protocol: tcp, udp, icmp, or another's name")
