"""dnsmasq's arguments, hosts and leases as text."""

from dataclasses import replace

import pytest

from services.network import dnsmasq
from tests.services.network import golden
from tests.services.network.plans import port

LEASES = """\
1795400000 fa:16:3e:00:aa:0b 10.78.0.11 vm-11 01:fa:16:3e:00:aa:0b
1795400000 fa:16:3e:00:aa:0c 10.78.0.12 * *
duid 00:01
"""


@pytest.mark.parametrize("name", [name for name in golden.TEXTS if name.startswith("dnsmasq")])
def test_texts_are_as_reviewed(name: str) -> None:
    assert golden.TEXTS[name]() == (golden.FOLDER / name).read_text()


@pytest.mark.parametrize(
    ("hostname", "label"),
    [
        ("vm-1", "vm-1"),
        ("My Server", "my-server"),
        ("-x-", "x"),
        ("öö", ""),
        ("a,10.0.0.1\nrm", "a-10-0-0-1-rm"),
        ("x" * 70, "x" * 63),
        ("", ""),
    ],
)
def test_a_host_name_is_one_label_or_none(hostname: str, label: str) -> None:
    assert dnsmasq.label(hostname) == label


def test_a_port_without_an_address_is_not_answered() -> None:
    nameless, homeless = replace(port(11), hostname=""), replace(port(12), fixed_ips=())
    assert dnsmasq.hosts([nameless, homeless]) == ("fa:16:3e:00:aa:0b,10.78.0.11",)


def test_leases_are_read_by_address() -> None:
    assert [(lease.ip, lease.mac_address) for lease in dnsmasq.leases(LEASES)] == [
        ("10.78.0.11", "fa:16:3e:00:aa:0b"),
        ("10.78.0.12", "fa:16:3e:00:aa:0c"),
    ]


def test_a_lease_is_stale_when_its_address_is_free_or_anothers() -> None:
    taken_over = replace(port(11), mac_address="fa:16:3e:00:00:01")
    assert dnsmasq.stale_leases(LEASES, [port(11), port(12)]) == {}
    assert set(dnsmasq.stale_leases(LEASES, [taken_over])) == {"10.78.0.11", "10.78.0.12"}
    assert dnsmasq.kept_leases(LEASES, [port(11)]) == LEASES.replace(
        LEASES.splitlines(keepends=True)[1], ""
    )
