"""Who asks the metadata service, read from the database; and the trace of what was fetched."""

import base64

import pytest

from appliance import config, trace
from appliance.db import connection, fixed_ips, ports, subnets
from appliance.model.instance import Instance
from services.network import about
from services.network.fetches import Fetches
from tests.services.network import cloud


@pytest.fixture
def guest(db: connection.Database) -> Instance:
    network = cloud.add_network(db)
    row = cloud.add_instance(
        db,
        network,
        name="Web 1",
        key_name="test",
        public_key="ssh-ed25519 AAAA",
        image_id="abcdef01-0000-4000-8000-000000000001",
        user_data=base64.b64encode(b"#!/bin/sh\n").decode(),
    )
    with db.transaction() as tx:
        (port,) = ports.of_instance(tx, row.id)
        fixed_ips.allocate(tx, subnets.of_network(tx, network.id)[0], port.id)
    return row


def test_a_guest_is_known_by_network_and_address(db: connection.Database, guest: Instance) -> None:
    (port,) = ports.of_instance(db, guest.id)
    found = about.find(db, port.network_id, "10.78.0.2", zone="nova")
    assert found is not None
    assert (found.instance_id, found.hostname, found.mac) == (guest.id, "web-1", port.mac)
    assert found.public_keys == {"test": "ssh-ed25519 AAAA"}
    assert (found.user_data, found.ami_id) == (b"#!/bin/sh\n", "ami-abcdef01")
    assert found.security_groups == ("default",)


def test_a_stranger_is_nobody(db: connection.Database, guest: Instance) -> None:
    (port,) = ports.of_instance(db, guest.id)
    other = cloud.add_network(db, "10.79.0.0/24")
    assert about.find(db, port.network_id, "10.78.0.3", zone="nova") is None
    assert about.find(db, other.id, "10.78.0.2", zone="nova") is None


def test_what_a_guest_fetches_is_traced_once_under_its_own_request(
    db: connection.Database, settings: config.Settings, guest: Instance
) -> None:
    trace.start(settings.home, "network", hops_max=1000)
    fetches = Fetches(db)
    key = "/latest/meta-data/public-keys/0/openssh-key"
    for path in (key, f"{key}?again", "/latest//meta-data/", "/latest/meta-data"):
        fetches.note(guest.id, path)
    fetches.note("a-deleted-one", key)
    trace.flush()
    hops = trace.Log(settings.home).request(guest.request_id)
    assert [(hop.name, hop.source, hop.detail["is_key"]) for hop in hops] == [
        (f"GET {key}", "guest", True),
        ("GET /latest/meta-data", "guest", False),
    ]
