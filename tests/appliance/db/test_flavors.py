"""Flavors: put once, found by id before name."""

import pytest

from appliance import errors
from appliance.db import flavors
from appliance.model.flavor import Flavor


def test_a_flavor_is_put_once(db):
    flavor = Flavor(id="1", name="m1.tiny", vcpus=1, memory_mib=512, disk_gib=1)
    with db.transaction() as tx:
        for _ in range(2):
            flavors.put(tx, flavor)

    assert flavors.all_flavors(db) == [flavor]
    assert flavors.get_named(db, "m1.tiny") == flavors.get_named(db, "1") == flavor


def test_an_id_goes_before_a_name(db):
    first = Flavor(id="1", name="2", vcpus=1, memory_mib=512, disk_gib=1)
    second = Flavor(id="2", name="1", vcpus=2, memory_mib=1024, disk_gib=1)
    with db.transaction() as tx:
        flavors.put(tx, first)
        flavors.put(tx, second)

    assert flavors.get_named(db, "1") == first
    assert flavors.get_named(db, "2") == second


def test_a_missing_flavor_is_named(db):
    for find in (flavors.get, flavors.get_named):
        with pytest.raises(errors.NotFound, match=r"Flavor m9 could not be found\."):
            find(db, "m9")
