"""Whether one end reaches another, over HTTP: the checks, the fix, and what the fix then does."""

from collections.abc import Iterator
from typing import Any

import pytest

from appliance.db import ports
from appliance.model.states import Event
from tests.services.api.cloud.workers import Workers
from tests.services.api.clouds import CLOUD

NETWORK = "/network/v2.0"


@pytest.fixture
def workers(cloud) -> Iterator[Workers]:
    """A host whose workers answer."""
    made = Workers(cloud)
    made.answer()
    yield made
    made.close()


def _lease(workers: Workers, *keys: str) -> None:
    """The guests have asked DHCP for their addresses."""
    found = [port for key in keys for port in ports.of_instance(workers.db, key)]
    lines = [f"1900000000 {one.mac} {one.fixed_ips[0].ip} web *\n" for one in found]
    file = workers.cloud.settings.home / "network" / "nbx-b-x.leases"
    file.write_text("".join(lines))


def _group(cloud, name: str) -> str:
    body = {"security_group": {"name": name}}
    return cloud.post(f"{NETWORK}/security-groups", body)["security_group"]["id"]


def _pair(workers: Workers) -> tuple[str, str]:
    """Two guests that are up: `a` in group apps, `b` in group web, which lets nobody in."""
    cloud = workers.cloud
    for name in ("apps", "web"):
        _group(cloud, name)
    image = cloud.add_image(size_bytes=1 << 20)
    a = workers.running(name="a", imageRef=image, security_groups=[{"name": "apps"}])
    b = workers.running(name="b", imageRef=image, security_groups=[{"name": "web"}])
    _lease(workers, a, b)
    return a, b


def _ask(cloud, source: str, target: str, port: int | None = 80, **more: Any) -> Any:
    body = {"from": source, "to": target, "port": port, **more}
    return cloud.post(f"{CLOUD}/paths", body)["path"]


def _failed(path: Any) -> list[str]:
    return [check["what"] for check in path["checks"] if check["is_passed"] is False]


def test_a_closed_port_is_named_and_the_fix_opens_it(cloud, workers):
    a, b = _pair(workers)
    before = _ask(cloud, a, b)
    rule = before["fix"]["rule"]
    cloud.post(f"{NETWORK}/security-group-rules", {"security_group_rule": rule})
    after = _ask(cloud, a, b)

    assert [check["what"] for check in before["checks"]] == [
        "runs", "port", "lease", "egress", "bridge", "runs", "port", "lease", "ingress",
    ]  # fmt: skip
    assert _failed(before) == ["ingress"]
    assert before["checks"][-1]["text"] == "group web: no ingress rule lets tcp 80 from 10.78.0.2"
    assert before["fix"]["text"] == "a rule in group web to let in tcp 80 from group apps"
    assert (rule["port_range_min"], rule["port_range_max"], rule["protocol"]) == (80, 80, "tcp")
    assert (_failed(after), after["fix"]) == ([], None)
    assert after["checks"][-1]["text"] == "group web lets in tcp 80 from group apps"
    assert _failed(_ask(cloud, a, b, 81)) == ["ingress"]
    assert _failed(_ask(cloud, b, a)) == ["ingress"]


def test_from_the_host_and_by_address(cloud, workers):
    _, b = _pair(workers)
    path = _ask(cloud, "host", "10.78.0.3", 22)
    assert _failed(path) == ["ingress"]
    assert path["fix"]["text"] == "a rule in group web to let in tcp 22 from anybody"
    cloud.post(
        f"{NETWORK}/security-group-rules", {"security_group_rule": path["fix"]["rule"]}
    )  # fmt: skip

    assert _failed(_ask(cloud, "host", b, 22)) == []
    assert _failed(_ask(cloud, "outside", b, 22)) == ["floating ip"]
    assert _ask(cloud, "outside", b, 22)["fix"] is None


def test_to_the_outside_goes_what_egress_rules_let(cloud, workers):
    a, _ = _pair(workers)
    assert _failed(_ask(cloud, a, "192.0.2.7", 443)) == []
    assert _failed(_ask(cloud, a, "outside", 443)) == []
    apps = cloud.get(f"{NETWORK}/security-groups?name=apps")["security_groups"][0]
    for rule in apps["security_group_rules"]:
        cloud.ask("DELETE", f"{NETWORK}/security-group-rules/{rule['id']}")
    path = _ask(cloud, a, "192.0.2.7", 443)

    assert _failed(path) == ["egress"]
    assert path["fix"]["text"] == "a rule in group apps to let out tcp 443 to 192.0.2.7/32"
    cloud.post(f"{NETWORK}/security-group-rules", {"security_group_rule": path["fix"]["rule"]})
    assert _failed(_ask(cloud, a, "192.0.2.7", 443)) == []


def test_ping_has_no_port(cloud, workers):
    a, b = _pair(workers)
    path = _ask(cloud, a, b, None, protocol="icmp")
    cloud.post(f"{NETWORK}/security-group-rules", {"security_group_rule": path["fix"]["rule"]})

    assert _failed(path) == ["ingress"]
    assert _failed(_ask(cloud, a, b, None, protocol="icmp")) == []


def test_a_guest_that_is_off_or_has_no_lease_or_tap_is_told(cloud, workers):
    a, b = _pair(workers)
    _lease(workers, a)
    assert _failed(_ask(cloud, a, b))[0] == "lease"
    assert _ask(cloud, a, b)["fix"] == {
        "text": "the guest has to ask DHCP: look at its console", "rule": None,
    }  # fmt: skip
    workers.network_driver.clear()
    assert _failed(_ask(cloud, a, b))[0] == "port"
    cloud.advance(a, Event.STOP, Event.STOPPED)
    assert _failed(_ask(cloud, a, b))[0] == "runs"


def test_networks_that_nothing_joins_are_told(cloud, workers):
    a, _ = _pair(workers)
    body = {"network": {"name": "lab"}}
    network = cloud.post(f"{NETWORK}/networks", body)["network"]["id"]
    subnet = {"network_id": network, "ip_version": 4, "cidr": "10.79.0.0/24"}
    cloud.post(f"{NETWORK}/subnets", {"subnet": subnet})
    c = workers.running(name="c", networks=[{"uuid": network}])
    path = _ask(cloud, a, c)

    assert "bridge" in _failed(path)
    assert "two networks" in next(one for one in path["checks"] if one["what"] == "bridge")["text"]


def test_a_host_that_does_not_answer_leaves_its_checks_open(cloud):
    silent = Workers(cloud)
    a, b = _pair(silent)
    path = _ask(cloud, a, b)

    assert [one["is_passed"] for one in path["checks"] if one["what"] in ("port", "lease")] == [
        None, None, None, None,
    ]  # fmt: skip
    assert _failed(path) == ["ingress"]
    assert "network.box1 did not answer wiring" in path["checks"][1]["text"]


def test_an_instance_that_is_not_wired_yet_is_told(cloud, workers):
    a, _ = _pair(workers)
    c = cloud.run(name="c")["id"]

    assert _failed(_ask(cloud, a, c)) == ["runs", "port"]
    assert _ask(cloud, a, c)["fix"]["text"] == "start the instance"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"to": "host"}, 400),
        ({"from": "outside", "to": "outside"}, 400),
        ({"port": 0}, 400),
        ({"port": None}, 400),
        ({"protocol": "any", "port": None}, 400),
        ({"protocol": "smoke"}, 400),
        ({"to": "00000000-0000-4000-8000-000000000000"}, 404),
        ({"speed": 1}, 400),
    ],
)
def test_what_cannot_be_meant_is_refused(cloud, workers, change, status):
    a, b = _pair(workers)
    body = {"from": a, "to": b, "protocol": "tcp", "port": 80, **change}

    assert cloud.ask("POST", f"{CLOUD}/paths", json=body).status_code == status


def test_others_guests_are_nobodys_to_ask_about(cloud, workers):
    a, b = _pair(workers)
    theirs = {"from": a, "to": b, "port": 80}
    by_address = {"from": "outside", "to": "10.78.0.2", "port": 80}

    for body in (theirs, by_address):
        assert cloud.ask("POST", f"{CLOUD}/paths", json=body, user="other").status_code == 404
        assert cloud.ask("POST", f"{CLOUD}/paths", json=body, user="admin").status_code == 200
