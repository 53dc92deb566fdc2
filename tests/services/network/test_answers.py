"""What a network worker tells of its wiring, beside its plan."""

from dataclasses import replace

from services.network import answers, dnsmasq
from services.network.fake import as_planned
from services.network.plan import HostNetwork
from tests.services.network.plans import FULL, ONE

PORT = ONE.ports[0]


def test_a_host_that_is_as_planned_agrees() -> None:
    told = answers.view(FULL, as_planned(FULL), ())

    assert told["rules"]["wanted"] == told["rules"]["loaded"]
    assert all(one["is_right"] and one["is_dhcp_right"] for one in told["networks"].values())
    assert all(one["is_right"] for one in told["ports"].values())
    assert told["strays"] == []


def test_what_is_missing_or_not_ours_is_told() -> None:
    told = answers.view(ONE, HostNetwork(bridges=as_planned(FULL).bridges), ())

    assert told["rules"]["loaded"] is None
    assert not told["ports"][PORT.id]["is_there"]
    assert not told["networks"][PORT.network_id]["has_dhcp"]
    assert told["strays"] == ["nbx-b-bbbbbbbb"]


def test_a_tap_on_another_bridge_is_wrong() -> None:
    host = as_planned(FULL)
    moved = replace(host.taps[PORT.tap], bridge="nbx-b-bbbbbbbb")
    told = answers.view(FULL, replace(host, taps={**host.taps, PORT.tap: moved}), ())

    assert told["ports"][PORT.id]["is_there"]
    assert not told["ports"][PORT.id]["is_right"]
    assert told["ports"][PORT.id]["bridge"] == "nbx-b-bbbbbbbb"


def test_a_lease_is_told_with_its_port() -> None:
    lease = dnsmasq.Lease(ip=PORT.fixed_ips[0], mac_address=PORT.mac_address, expires_at=1_900)
    told = answers.view(ONE, as_planned(ONE), (lease,))

    assert told["ports"][PORT.id]["lease"] == {"ip": PORT.fixed_ips[0], "expires_at": 1_900}
