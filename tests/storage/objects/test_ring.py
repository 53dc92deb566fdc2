"""The ring places by weight, always the same, and moves little when a device comes."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.objects import ring
from storage.objects.ring import Device, Ring, Wish

weights = st.lists(st.floats(0.1, 100), min_size=1, max_size=6)


def devices(device_weights: list[float]) -> list[Device]:
    return [
        Device(id=number, directory=f"d{number}", weight=weight)
        for number, weight in enumerate(device_weights)
    ]


@given(weights, st.integers(0, 8))
def test_every_partition_has_a_device(device_weights: list[float], part_power: int):
    built = Ring.build(devices(device_weights), part_power=part_power)

    assert len(built.part_to_device) == 2**part_power
    assert all(built.device(part) in built.devices for part in range(2**part_power))


@given(weights, st.floats(0.1, 100))
def test_a_new_device_only_takes(device_weights: list[float], weight: float):
    before = Ring.build(devices(device_weights), part_power=6)
    after = Ring.build(devices([*device_weights, weight]), part_power=6)

    new = len(device_weights)
    pairs = zip(before.part_to_device, after.part_to_device, strict=True)
    assert all(old == now or now == new for old, now in pairs)


def test_shares_follow_weights():
    built = Ring.build(devices([1, 1, 2]), part_power=12)

    shares = [built.part_to_device.count(index) / 4096 for index in range(3)]
    assert shares == pytest.approx([0.25, 0.25, 0.5], abs=0.03)


def test_a_device_of_no_weight_gets_nothing():
    assert set(Ring.build(devices([0, 1]), part_power=4).part_to_device) == {1}


@given(st.text(), st.text(), st.text())
def test_a_partition_is_the_top_of_the_hash(account: str, container: str, name: str):
    name_hash = ring.hash_name(account, container, name)
    built = Ring.build(devices([1]), part_power=8)

    assert built.partition(name_hash) == int(name_hash[:2], 16)
    assert Ring.build(devices([1]), part_power=0).partition(name_hash) == 0


def test_placement_never_changes_between_releases():
    assert ring.hash_name("AUTH_a", "c", "o") == "08369a63684d262b78d38b4c68afaf7b"
    built = Ring.build(devices([1, 2, 3]), part_power=4)
    assert built.part_to_device == (1, 1, 2, 2, 1, 2, 2, 1, 2, 2, 0, 1, 2, 0, 1, 1)


def test_a_saved_ring_is_loaded_equal(tmp_path: Path):
    built = Ring.build(devices([1, 2]), part_power=5)
    built.save(tmp_path / "ring.json")

    assert Ring.load(tmp_path / "ring.json") == built


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"devices": [{"id": 1}], "part_to_device": [0], "part_power": 0}',
        '{"devices": [{"id": 1, "directory": "d", "weight": 1}], "part_to_device": [0],'
        ' "part_power": 1}',
        '{"devices": [{"id": 1, "directory": "d", "weight": 1}], "part_to_device": [1],'
        ' "part_power": 0}',
    ],
)
def test_a_file_that_is_no_ring_is_refused(tmp_path: Path, text: str):
    (tmp_path / "ring.json").write_text(text)

    with pytest.raises(ValueError):  # noqa: PT011 - the texts differ
        Ring.load(tmp_path / "ring.json")


@pytest.mark.parametrize(
    ("bad", "power"), [([], 4), ([0.0], 4), ([-1.0, 2.0], 4), ([1.0], 25), ([1.0], -1)]
)
def test_a_ring_that_makes_no_sense_is_refused(bad: list[float], power: int):
    with pytest.raises(ValueError):  # noqa: PT011
        Ring.build(devices(bad), part_power=power)


def test_two_devices_of_one_id_are_refused():
    device = Device(id=1, directory="d", weight=1)

    with pytest.raises(ValueError, match="same id"):
        Ring.build([device, device])


@given(weights, st.integers(1, 4), st.lists(st.sampled_from(["", "a", "b"]), min_size=6))
def test_replicas_are_on_different_devices_and_zones_as_far_as_there_are(
    device_weights: list[float], replicas: int, zones: list[str]
):
    made = [replace(d, zone=zone) for d, zone in zip(devices(device_weights), zones, strict=False)]
    built = Ring.build(made, part_power=5, replicas=replicas)

    for own in built.part_to_devices:
        assert len(own) == len(set(own)) == min(replicas, len(made))
        of_own = {made[index].zone for index in own}
        assert len(of_own) == min(len(own), len({device.zone for device in made}))


@given(weights, st.floats(0.1, 100), st.integers(1, 3))
def test_a_new_device_moves_no_replica_between_old_ones(
    device_weights: list[float], weight: float, replicas: int
):
    before = Ring.build(devices(device_weights), part_power=5, replicas=replicas)
    after = Ring.build(devices([*device_weights, weight]), part_power=5, replicas=replicas)

    new = len(device_weights)
    for old, now in zip(before.part_to_devices, after.part_to_devices, strict=True):
        assert set(now) - {new} <= set(old)


@given(weights, st.integers(1, 3))
def test_every_device_is_asked_in_the_end_and_its_own_first(
    device_weights: list[float], replicas: int
):
    built = Ring.build(devices(device_weights), part_power=3, replicas=replicas)

    for part, own in enumerate(built.part_to_devices):
        order = list(built.preference(part))
        assert order[: len(own)] == list(own)
        assert sorted(order) == list(range(len(device_weights)))


def test_devices_are_known_by_their_folder():
    first = Ring.build([Device(id=1, directory="d1", weight=1)], part_power=3)
    second = first.with_devices([Wish(directory="d1"), Wish(directory="d2", weight=2)], replicas=2)
    third = second.with_devices([Wish(directory="d2", weight=2)], replicas=2)

    assert first.with_devices([Wish(directory="d1")], replicas=1) is first
    assert [(d.id, d.weight) for d in second.devices] == [(1, 1), (2, 2)]
    assert [(d.id, d.weight) for d in third.devices] == [(1, 0), (2, 2)]
    assert [d.directory for d in third.without({1}).devices] == ["d2"]
    assert not second.is_settled
