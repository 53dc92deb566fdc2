"""Where a packet is stopped, judged from the plan; test_connectivity.py has real packets."""

from dataclasses import replace

import pytest

from appliance import errors
from services.network import nftables, reachability
from services.network.reachability import Packet
from tests.services.network.plans import EGRESS, FULL, PING, SSH, WEB, port, rule

A, B, C = "10.78.0.11", "10.78.0.12", "10.78.0.13"


def _first_failed(packet: Packet) -> str | None:
    failed = [check.what for check in reachability.checks(FULL, packet) if not check.is_passed]
    return failed[0] if failed else None


@pytest.mark.parametrize(
    ("packet", "stopped_by"),
    [
        (Packet(source=B, target=A, port=22), None),
        (Packet(source=B, target=A, port=23), "ingress"),
        (Packet(source=A, target=B, port=85), None),
        (Packet(source=A, target=B, port=91), "ingress"),
        (Packet(source=B, target=C, port=22), None),
        (Packet(source=C, target=A, port=22), "egress"),
        (Packet(source=A, target="10.79.0.21", port=22), "bridge"),
        (Packet(source=A, target="192.0.2.1", port=443), None),
        (Packet(source=C, target="192.0.2.1", port=443), "egress"),
        (Packet(source=None, target=A, port=22), "floating ip"),
        (Packet(source=None, target="198.51.100.50", port=22), None),
        (Packet(source=None, target="198.51.100.50", port=80), "ingress"),
        (Packet(source="10.79.0.21", target="198.51.100.50", port=22), None),
        (Packet(source="host", target=A, port=22), None),
        (Packet(source="host", target=C, port=80), "ingress"),
        (Packet(source="host", target="198.51.100.50", port=80), "ingress"),
        (Packet(source=B, target=A, protocol="icmp"), None),
        (Packet(source=A, target=B, protocol="icmp"), "ingress"),
        (Packet(source=A, target="10.78.0.1", protocol="udp", port=53), None),
        (Packet(source=A, target="10.78.0.1", protocol="icmp"), None),
        (Packet(source=A, target="10.78.0.1", port=8774), "host"),
        (Packet(source=A, target="10.79.0.1", protocol="udp", port=53), "host"),
        (Packet(source=A, target="169.254.169.254", port=80), None),
        (Packet(source=None, target="192.0.2.9", port=80), "address"),
    ],
)
def test_the_first_check_that_fails_is_named(packet: Packet, stopped_by: str | None) -> None:
    assert _first_failed(packet) == stopped_by


def test_checks_come_in_the_order_of_the_packet() -> None:
    found = reachability.checks(FULL, Packet(source=A, target=B, port=80))

    assert [check.what for check in found] == ["egress", "bridge", "ingress"]
    assert found[0].rule == EGRESS
    assert found[2].port == FULL.ports[1]


def test_a_group_lets_its_members_alone() -> None:
    outsider = port(14, rules=(EGRESS,))
    plan = replace(FULL, ports=(*FULL.ports, outsider))

    assert reachability.is_open(plan, Packet(source=B, target=C, port=1))
    assert not reachability.is_open(plan, Packet(source="10.78.0.14", target=C, port=1))


def test_an_icmp_type_and_code_are_compared() -> None:
    pings = (rule("ingress", protocol="icmp", ports=(8, None)), PING)
    for one in pings:
        packet = Packet(source=None, target=A, protocol="icmp")
        assert reachability.letting(FULL, [one], "ingress", None, packet) == one
    other = rule("ingress", protocol="icmp", ports=(8, 3))
    packet = Packet(source=None, target=A, protocol="icmp", port=8)
    assert reachability.letting(FULL, [other], "ingress", None, packet) is None


@pytest.mark.parametrize("protocol", ["gre", "47", "tcp"])
def test_a_protocol_without_ports_is_compared_by_its_number(protocol: str) -> None:
    gre = rule("ingress", protocol="gre")
    packet = Packet(source=None, target=A, protocol=protocol)
    found = reachability.letting(FULL, [gre, SSH], "ingress", None, packet)

    assert found == (None if protocol == "tcp" else gre)


def test_every_line_that_rules_can_make_is_read() -> None:
    for protocol in (None, "tcp", "udp", "sctp", "udplite", "icmp", "gre", "112"):
        for cidr, group in ((None, None), ("10.0.0.0/8", None), (None, WEB), ("0.0.0.0/0", None)):
            for ports in ((None, None), (80, 80), (80, 90)):
                one = rule("ingress", protocol=protocol, ports=ports, cidr=cidr, group=group)
                packet = Packet(source=A, target=B, protocol="tcp", port=80)
                reachability.letting(FULL, [one], "ingress", A, packet)


def test_a_line_of_another_kind_is_an_error() -> None:
    line = "ct state new accept"
    with pytest.raises(errors.NetworkError, match="cannot be read"):
        reachability._matches(line, A, Packet(source=A, target=B), FULL)


def test_the_lines_are_those_that_are_loaded() -> None:
    text = nftables.rules(FULL)
    for one in FULL.ports:
        for each in one.rules:
            assert f"\t\t{nftables.line(each)}\n" in text
