"""The rule set as text: golden, and what of a rule becomes what."""

from dataclasses import replace

import pytest

from appliance import errors
from appliance.model.security_group import Rule
from services.network import nftables
from tests.services.network import golden
from tests.services.network.plans import FULL, ONE, SSH, WEB, port, rule


@pytest.mark.parametrize("name", [name for name in golden.TEXTS if name.endswith(".nft")])
def test_rules_are_as_reviewed(name: str) -> None:
    assert golden.TEXTS[name]() == (golden.FOLDER / name).read_text()


@pytest.mark.parametrize(
    ("given", "line"),
    [
        (rule("ingress"), "accept"),
        (rule("ingress", protocol="any"), "accept"),
        (rule("ingress", protocol="tcp"), "meta l4proto 6 accept"),
        (rule("ingress", protocol="tcp", ports=(22, 22)), "tcp dport 22 accept"),
        (rule("ingress", protocol="tcp", ports=(22, None)), "tcp dport 22 accept"),
        (rule("ingress", protocol="6", ports=(1, 65535)), "tcp dport 1-65535 accept"),
        (rule("ingress", protocol="icmp"), "meta l4proto 1 accept"),
        (rule("ingress", protocol="icmp", ports=(8, None)), "icmp type 8 accept"),
        (rule("ingress", protocol="icmp", ports=(3, 4)), "icmp type 3 icmp code 4 accept"),
        (rule("ingress", protocol="47"), "meta l4proto 47 accept"),
        (rule("ingress", cidr="0.0.0.0/0"), "accept"),
        (rule("ingress", cidr="192.0.2.7"), "ip saddr 192.0.2.7/32 accept"),
        (rule("ingress", cidr="192.0.2.7/24"), "ip saddr 192.0.2.0/24 accept"),
        (
            rule("ingress", protocol="udp", ports=(53, 53), group=WEB),
            f"ip saddr @group-{WEB} udp dport 53 accept",
        ),
        (rule("egress", cidr="192.0.2.0/24"), "ip daddr 192.0.2.0/24 return"),
    ],
)
def test_a_rule_becomes_one_line(given: Rule, line: str) -> None:
    plan = replace(ONE, ports=(port(11, rules=(given,)),), members={WEB: frozenset[str]()})
    chain = "in" if given.direction == "ingress" else "out"
    expected = f"\tchain {chain}-{port(11).id} {{\n\t\t{line}\n\t\tdrop\n\t}}\n"
    assert expected in nftables.rules(plan)


def test_ipv6_rules_say_nothing_because_no_guest_may_speak_it() -> None:
    silent = replace(SSH, ethertype="IPv6", remote_cidr="::/0")
    assert nftables.rules(replace(ONE, ports=(port(11, rules=(silent,)),))) == nftables.rules(
        replace(ONE, ports=(port(11, rules=()),))
    )


@pytest.mark.parametrize("protocol", ["tcp; accept", "256", "-1", "", "²"])
def test_a_protocol_that_nobody_knows_never_reaches_nft(protocol: str) -> None:
    with pytest.raises(errors.NetworkError, match="unknown protocol"):
        nftables.rules(replace(ONE, ports=(port(11, rules=(rule("ingress", protocol=protocol),)),)))


def test_the_order_of_rules_does_not_matter() -> None:
    one, other = rule("ingress", protocol="udp"), SSH
    assert nftables.rules(replace(ONE, ports=(port(11, rules=(one, other)),))) == nftables.rules(
        replace(ONE, ports=(port(11, rules=(other, one, other)),))
    )


def listing(*tables: tuple[str, str]) -> str:
    """What `nft list chains` prints of tables with these digests."""
    other = "\tchain prerouting {\n\t\ttype filter hook prerouting priority 0;\n\t}\n"
    return "".join(
        f"table {table} {{\n{other}\tchain digest-{mark} {{\n\t}}\n}}\n" for table, mark in tables
    )


def test_what_is_loaded_is_read_off_the_kernels_own_listing() -> None:
    both = listing(("bridge novabox", "aa"), ("ip docker", "zz"), ("inet novabox", "aa"))
    assert nftables.loaded(both) == "aa"


@pytest.mark.parametrize(
    "found",
    [
        "",
        listing(("inet novabox", "aa")),
        listing(("bridge novabox", "aa")),
        listing(("bridge novabox", "aa"), ("inet novabox", "bb")),
        listing(("bridge other", "aa"), ("inet other", "aa")),
    ],
)
def test_half_a_rule_set_is_none(found: str) -> None:
    assert nftables.loaded(found) is None


def test_the_document_carries_the_digest_of_its_rules() -> None:
    text = nftables.rules(FULL)
    assert nftables.loaded(nftables.document(text)) == nftables.digest(text)


def test_permissions_say_what_an_address_may_and_who_it_is() -> None:
    lines = nftables.permissions(FULL)["10.78.0.11"]
    assert lines == {
        f"port {FULL.ports[0].id} {FULL.ports[0].mac_address}",
        "tcp dport 22 accept",
        "icmp type 8 icmp code 0 accept",
        "return",
        f"member of {WEB}",
        "floating 198.51.100.50",
    }
