"""Choosers: simple, chance, zone, and a class of one's own."""

import random

import pytest

from appliance import errors
from appliance.model.host import Host
from services.scheduler import chooser, filters
from tests.services.scheduler.hosts import host


def test_chance_takes_each_and_zone_stays_in_its_zone() -> None:
    random.seed(1)
    hosts = [host("a"), host("b", zone="z"), host("c", zone="z", memory_mib_used=1)]
    anywhere = filters.Request(vcpus=1, memory_mib=1, disk_gib=1)

    chance, zone = chooser.load("chance"), chooser.load("zone")
    assert {chance.choose(hosts, anywhere).name for _ in range(60)} == {"a", "b", "c"}
    assert {zone.choose(hosts, anywhere).name for _ in range(60)} == {"b", "c"}


class Last:
    """A user's own driver."""

    def choose(self, hosts: list[Host], request: filters.Request) -> Host:
        """The last host."""
        return hosts[-1]


def test_a_class_of_ones_own_is_named_in_the_settings() -> None:
    chosen = chooser.load(f"{__name__}:Last").choose(
        [host("a"), host("b")], filters.Request(vcpus=1, memory_mib=1, disk_gib=1)
    )

    assert chosen.name == "b"


@pytest.mark.parametrize("name", ["nope", "json:Nope", "json:dumps", "a.b.c:D"])
def test_a_driver_that_is_none_is_a_config_error(name: str) -> None:
    with pytest.raises(errors.ConfigError, match=r"scheduler\.driver"):
        chooser.load(name)
