"""X-ray: rows held against what fake hosts have; who may see it; what is told of the silent."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from appliance.model.states import Event
from services.network import fake
from services.network.plan import HostNetwork
from tests.services.api.cloud.workers import Workers
from tests.services.api.clouds import CLOUD, VOLUME


@pytest.fixture
def workers(cloud) -> Iterator[Workers]:
    """A host whose workers answer."""
    made = Workers(cloud)
    made.answer()
    yield made
    made.close()


def _xray(cloud, kind: str, key: str, **options: Any) -> Any:
    return cloud.get(f"{CLOUD}/xray/{kind}/{key}", **options)["xray"]


def _part(node: Any, *labels: str) -> Any:
    """The part whose label begins so, below that, and so on."""
    for label in labels:
        found = [child for child in node["children"] if child["label"].startswith(label)]
        assert found, f"no {label} in {[child['label'] for child in node['children']]}"
        node = found[0]
    return node


def _mismatches(cloud) -> list[tuple[str, str]]:
    found = cloud.get(f"{CLOUD}/fsck", user="admin")["fsck"]
    assert found["unknown"] == []
    return [(one["kind"], one["path"]) for one in found["mismatches"]]


def test_a_running_instance_is_shown_down_to_its_files_tap_and_row(cloud, workers):
    image = cloud.add_image(size_bytes=1 << 20)
    key = workers.running(imageRef=image, name="web-2")
    tree = _xray(cloud, "instance", key)

    assert (tree["label"], tree["word"], tree["meaning"]) == ("web-2", "active", "good")
    assert "requested by demo/demo  req-" in tree["detail"]
    assert _part(tree, "process")["word"] == "running"
    assert "512 MiB" in _part(tree, "process")["detail"]
    assert f"compute/instances/{key}/disk" in _part(tree, "disk vda")["detail"]
    base = _part(tree, "disk vda", "base")
    assert f"compute/images/{image}" in base["detail"]
    assert (_part(base, "image tiny")["kind"], _part(base, "image tiny")["id"]) == ("image", image)
    assert _part(tree, "nic nbx-t-", "fixed ip 10.78.0.2")["word"] == "no lease"
    assert _part(tree, "nft rules")["word"] == "loaded"
    assert "any from group default" in _part(tree, "group default")["detail"]
    assert "vm_state=active" in _part(tree, "db row")["detail"]
    assert "spawn in compute.box1" in _part(tree, "queue")["detail"]  # nobody took it
    assert _mismatches(cloud) == []


def test_a_lease_that_dnsmasq_gave_is_shown(cloud, workers):
    key = workers.running()
    port = cloud.get(f"/compute/v2.1/servers/{key}/os-interface")["interfaceAttachments"][0]
    file = cloud.settings.home / "network" / "nbx-b-x.leases"
    file.write_text(f"1900000000 {port['mac_addr']} 10.78.0.2 web *\n")

    lease = _part(_xray(cloud, "instance", key), "nic nbx-t-", "fixed ip")
    assert (lease["word"], lease["meaning"]) == ("leased", "good")
    assert "2030-03-17 17:46" in lease["detail"]


def _kill(workers: Workers, key: str) -> None:
    workers.compute.driver.crash(key)


def _lose_disk(workers: Workers, key: str) -> None:
    workers.compute.folders.disk(key).unlink()


def _lose_base(workers: Workers, key: str) -> None:
    for path in workers.compute.folders.images.glob("*-*[0-9a-f]"):
        path.unlink()


def _rebase(workers: Workers, key: str) -> None:
    disk = workers.compute.folders.disk(key)
    disk.write_bytes(disk.read_bytes().replace(b"/images/", b"/imagez/"))


def _shrink(workers: Workers, key: str) -> None:
    path = workers.cloud.settings.home / "compute" / "fake" / "domains" / f"{key}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"memory_mib": 64}))


def _forget(workers: Workers, key: str) -> None:
    workers.compute.driver.destroy(key)


def _cut_tap(workers: Workers, key: str) -> None:
    host = workers.network_driver.survey()
    _write(workers, replace(host, taps={}))


def _move_tap(workers: Workers, key: str) -> None:
    host = workers.network_driver.survey()
    moved = {name: replace(tap, bridge="nbx-b-other") for name, tap in host.taps.items()}
    _write(workers, replace(host, taps=moved))


def _flush_rules(workers: Workers, key: str) -> None:
    _write(workers, replace(workers.network_driver.survey(), rules=None))


def _kill_dnsmasq(workers: Workers, key: str) -> None:
    _write(workers, replace(workers.network_driver.survey(), dhcp={}))


def _cut_bridge(workers: Workers, key: str) -> None:
    _write(workers, replace(workers.network_driver.survey(), bridges={}))


def _write(workers: Workers, host: HostNetwork) -> None:
    path = workers.cloud.settings.home / "network" / "host.json"
    path.write_text(fake._to_json(host))


@pytest.mark.parametrize(
    ("break_it", "path", "text"),
    [
        (_kill, ("process",), "the row says active, the guest is crashed"),
        (_forget, ("process",), "no such domain"),
        (_shrink, ("process",), "the row says 512 MiB, the guest has 64 MiB"),
        (_lose_disk, ("disk vda",), "is not there"),
        (_lose_base, ("disk vda", "base"), "is not there"),
        (_rebase, ("disk vda",), "it is laid over"),
        (_cut_tap, ("nic nbx-t-",), "is not there"),
        (_move_tap, ("nic nbx-t-",), "is on nbx-b-other, not on nbx-b-"),
        (_flush_rules, ("nft rules",), "loaded are none"),
    ],
)
def test_what_does_not_agree_is_told_with_its_repair(cloud, workers, break_it, path, text):
    key = workers.running()
    break_it(workers, key)
    part = _part(_xray(cloud, "instance", key), *path)

    assert (part["word"], part["meaning"]) == ("does not match", "failed")
    assert text in part["mismatch"]
    assert "instance" in {kind for kind, _ in _mismatches(cloud)}


def test_what_is_changing_is_busy_and_no_mismatch(cloud, workers):
    key = workers.running(imageRef=cloud.add_image(size_bytes=1 << 20))
    cloud.advance(key, Event.REBOOT)
    workers.compute.driver.stop(key, timeout_s=0)
    part = _part(_xray(cloud, "instance", key), "process")

    assert (part["word"], part["meaning"], part["mismatch"]) == ("changing", "busy", "")
    assert _mismatches(cloud) == []


def test_an_instance_without_a_host_has_nothing_there(cloud, workers):
    key = cloud.run()["id"]
    tree = _xray(cloud, "instance", key)

    assert (tree["word"], tree["meaning"]) == ("scheduling", "busy")
    assert _part(tree, "host")["word"] == "none"
    assert _part(tree, "nic")["word"] == "not wired"
    assert _part(tree, "queue")["detail"] == "select_host in scheduler"


def test_a_worker_that_does_not_answer_leaves_its_parts_unknown(cloud):
    silent = Workers(cloud)
    key = silent.running()
    tree = _xray(cloud, "instance", key)

    for label in ("process", "disk", "nic", "nft rules"):
        assert _part(tree, label)["meaning"] == "unknown"
    assert "compute.box1 did not answer guests" in _part(tree, "process")["detail"]
    found = cloud.get(f"{CLOUD}/fsck", user="admin")["fsck"]
    assert found["mismatches"] == []
    assert len(found["unknown"]) > 3


def test_a_volume_is_shown_with_its_bytes_and_export(cloud, workers):
    key = workers.running()
    volume = workers.volume.attached(workers.cloud.instance(key))
    tree = _xray(cloud, "volume", volume.id, user="admin")

    assert (tree["word"], tree["meaning"]) == ("in-use", "good")
    assert "1.0 GiB" in _part(tree, "bytes")["detail"]
    assert _part(tree, "export", "session")["word"] == "nobody"
    assert f"{volume.id}" in _part(tree, "export")["detail"]
    assert _part(tree, "instance web")["id"] == key

    workers.volume.exporter.stop()
    assert "the target is not there" in _part(
        _xray(cloud, "volume", volume.id, user="admin"), "export"
    )["mismatch"]  # fmt: skip


def test_what_volumes_take_on_the_disk_is_told_of_all_at_once(cloud, workers):
    made = cloud.post(f"{VOLUME}/volumes", {"volume": {"size": 1, "name": "data"}})["volume"]
    workers.volume.steps["create"](made["id"])
    other = workers.volume.available()
    workers.volume.pool.place(made["id"]).write_bytes(b"x" * (64 << 10))

    own = cloud.get(f"{CLOUD}/xray/volumes")["volumes"]
    assert own == [{"id": made["id"], "used_bytes": 64 << 10}]
    every = cloud.get(f"{CLOUD}/xray/volumes", user="admin")["volumes"]
    assert {one["id"] for one in every} == {made["id"], other.id}


def test_what_a_silent_worker_has_is_not_known(cloud):
    made = cloud.post(f"{VOLUME}/volumes", {"volume": {"size": 1}})["volume"]
    assert cloud.get(f"{CLOUD}/xray/volumes")["volumes"] == [{"id": made["id"], "used_bytes": None}]


def test_lost_or_short_bytes_of_a_volume_are_a_mismatch(cloud, workers):
    volume = workers.volume.available()
    place = workers.volume.pool.place(volume.id)
    with place.open("r+b") as file:
        file.truncate(512)
    short = _part(_xray(cloud, "volume", volume.id, user="admin"), "bytes")["mismatch"]
    workers.volume.pool.delete(volume.id)
    lost = _part(_xray(cloud, "volume", volume.id, user="admin"), "bytes")["mismatch"]

    assert short == "the row says 1 GiB, there are 0.0 GiB"
    assert lost.endswith("does not have them")


def test_an_image_is_shown_with_its_object_cache_and_instances(cloud, workers):
    image = cloud.add_image(size_bytes=1 << 20, location="i/1", checksum_md5="0" * 32)
    key = workers.running(imageRef=image)
    tree = _xray(cloud, "image", image)

    assert (tree["label"], tree["word"], tree["meaning"]) == ("tiny", "active", "good")
    assert _part(tree, "object in file", "checksum")["detail"] == f"md5 {'0' * 32}"
    assert _part(tree, "cache on box1")["word"] == "cached"
    assert _part(tree, "instance web")["id"] == key
    workers.stored.update(is_there=False, reason="no file i/1")
    assert "no file i/1" in _part(_xray(cloud, "image", image), "object in file")["mismatch"]


@pytest.mark.parametrize(
    ("break_it", "label", "text"),
    [
        (_cut_bridge, "bridge", "is not there"),
        (_kill_dnsmasq, "dhcp", "no dnsmasq runs"),
        (_flush_rules, "nft rules", "loaded are none"),
    ],
)
def test_a_network_is_shown_with_its_bridge_dhcp_and_ports(cloud, workers, break_it, label, text):
    key = workers.running()
    network = next(
        one["id"]
        for one in cloud.get("/network/v2.0/networks")["networks"]
        if one["name"] == "demo-net"
    )
    tree = _xray(cloud, "network", network)
    assert tree["detail"] == "10.78.0.0/24 gateway 10.78.0.1"
    assert _part(tree, "bridge")["detail"] == "10.78.0.1/24"
    assert _part(tree, "dhcp")["word"] == "answers"
    assert _part(tree, "nic", "instance web")["id"] == key

    break_it(workers, key)
    assert text in _part(_xray(cloud, "network", network), label)["mismatch"]


def test_what_no_row_wants_on_the_host_is_a_mismatch(cloud, workers):
    stranger = "99999999-2222-4333-8444-555555555555"
    workers.compute.folders.make(stranger)
    workers.volume.pool.create(stranger, size_bytes=512)

    assert _mismatches(cloud) == [
        ("host", f"box1 › guest {stranger}"), ("host", f"box1 › volume {stranger}"),
    ]  # fmt: skip


def test_one_sees_through_ones_own_objects_only(cloud, workers):
    key = workers.running()
    path = f"{CLOUD}/xray/instance/{key}"

    assert cloud.ask("GET", path, user="other").status_code == 404
    assert cloud.ask("GET", path, user="admin").status_code == 200
    assert cloud.ask("GET", f"{CLOUD}/xray/user/x", user="admin").status_code == 400
    assert cloud.ask("GET", f"{CLOUD}/fsck").status_code == 403


def test_a_volume_that_the_guest_lacks_is_a_mismatch(cloud, workers):
    made = cloud.post(f"{VOLUME}/volumes", {"volume": {"size": 1, "name": "data"}})["volume"]
    workers.volume.steps["create"](made["id"])
    key = workers.running()
    volume = workers.volume.attached(workers.cloud.instance(key))

    part = _part(_xray(cloud, "instance", key), "volume")
    assert part["id"] == volume.id
    assert "the guest has not" in part["mismatch"]
    assert _part(_xray(cloud, "volume", made["id"]), "bytes")["meaning"] == "good"


def test_a_snapshot_is_shown_with_its_bytes_and_what_was_made_of_it(cloud, workers):
    made = cloud.post(f"{VOLUME}/volumes", {"volume": {"size": 1, "name": "data"}})["volume"]
    workers.volume.steps["create"](made["id"])
    snapshot = cloud.add_snapshot(made["id"], name="then")["id"]
    workers.volume.pool.snapshot(made["id"], snapshot)
    copy = cloud.add_volume(name="again", snapshot_id=snapshot)["id"]
    tree = _xray(cloud, "snapshot", snapshot)

    assert (tree["label"], tree["word"], tree["meaning"]) == ("then", "available", "good")
    assert _part(tree, "bytes")["detail"].endswith("of 1.0 GiB")
    assert _part(tree, "taken of volume data")["id"] == made["id"]
    assert _part(tree, "made into volume again")["id"] == copy
    assert "status=available" in _part(tree, "db row")["detail"]
    assert cloud.ask("GET", f"{CLOUD}/xray/snapshot/{snapshot}", user="other").status_code == 404

    workers.volume.pool.delete_snapshot(snapshot)
    mismatch = _part(_xray(cloud, "snapshot", snapshot), "bytes")["mismatch"]
    assert mismatch == "the pool does not have it"
