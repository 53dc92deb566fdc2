"""A plan that cannot be is refused, with both owners named."""

from dataclasses import replace

import pytest

from appliance import errors
from services.network.plan import HostPlan, bridges
from tests.services.network.plans import BLUE, FULL, RED, port


def test_two_networks_whose_bridges_would_share_a_name_are_refused() -> None:
    twin = replace(BLUE, id=RED.id[:8] + BLUE.id[8:])
    with pytest.raises(errors.NetworkError, match=f"{twin.id} and network {RED.id}"):
        HostPlan(networks=(RED, twin))


def test_two_ports_with_one_address_are_refused() -> None:
    with pytest.raises(errors.NetworkError, match=r"both want 10\.78\.0\.11"):
        HostPlan(networks=(RED,), ports=(port(11), replace(port(12), fixed_ips=("10.78.0.11",))))


def test_networks_that_overlap_are_refused() -> None:
    with pytest.raises(errors.NetworkError, match="overlap"):
        HostPlan(networks=(RED, replace(BLUE, cidr="10.78.0.128/25")))


def test_a_floating_ip_is_an_address_of_its_instances_bridge() -> None:
    wanted = bridges(FULL)
    assert wanted[RED.bridge].addresses == {"10.78.0.1/24", "198.51.100.50/32"}
    assert wanted[BLUE.bridge].addresses == {"10.79.0.1/24"}
