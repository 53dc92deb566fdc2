"""Who asks the metadata service, read from the database."""

import base64
import re

import pytest

from appliance.db import connection, ec2_ids, ports
from appliance.model.instance import Instance
from services.network import instance_metadata
from tests.services.network import cloud


@pytest.fixture
def guest(db: connection.Database) -> Instance:
    return cloud.add_guest(
        db,
        name="Web 1",
        key_name="test",
        public_key="ssh-ed25519 AAAA",
        image_id="abcdef01-0000-4000-8000-000000000001",
        user_data=base64.b64encode(b"#!/bin/sh\n").decode(),
    )


def test_a_guest_is_known_by_network_and_address(db: connection.Database, guest: Instance) -> None:
    (port,) = ports.of_instance(db, guest.id)
    found = instance_metadata.find(db, port.network_id, "10.78.0.2", zone="nova")
    assert found is not None
    assert (found.instance_id, found.hostname, found.mac) == (guest.id, "web-1", port.mac)
    assert found.public_keys == {"test": "ssh-ed25519 AAAA"}
    assert (found.user_data, found.ami_id) == (b"#!/bin/sh\n", "")  # its image never existed
    assert found.ec2_id == ec2_ids.of(db, "i", guest.id)
    assert re.fullmatch("i-[0-9a-f]{8}", found.ec2_id)
    assert found.security_groups == ("default",)


def test_a_stranger_is_nobody(db: connection.Database, guest: Instance) -> None:
    (port,) = ports.of_instance(db, guest.id)
    other = cloud.add_network(db, "10.79.0.0/24")
    assert instance_metadata.find(db, port.network_id, "10.78.0.3", zone="nova") is None
    assert instance_metadata.find(db, other.id, "10.78.0.2", zone="nova") is None
