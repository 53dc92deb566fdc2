"""Networks, subnets, ports, quotas through the Networking API, as Neutron answers."""

import pytest

from appliance.db import networks, ports, subnets
from tests.services.api.clouds import NETWORK, Cloud

MISSING = "11111111-2222-4333-8444-555555555555"


def _network(cloud: Cloud, name: str = "mine", **options: object) -> dict[str, object]:
    made: dict[str, object] = cloud.post(
        f"{NETWORK}/networks", {"network": {"name": name, **options}}
    )["network"]
    return made


def _subnet(network_id: str, cidr: str, *, ip_version: int = 4) -> dict[str, object]:
    return {"subnet": {"network_id": network_id, "cidr": cidr, "ip_version": ip_version}}


def test_versions_and_resources_are_for_everybody(cloud):
    (version,) = cloud.client.get("/network").json()["versions"]
    resources = cloud.client.get(f"{NETWORK}/").json()["resources"]

    assert (version["id"], version["status"]) == ("v2.0", "CURRENT")
    assert {one["collection"] for one in resources} >= {"networks", "ports", "security-groups"}


def test_every_project_sees_the_first_network_and_its_subnet(cloud):
    (network,) = cloud.get(f"{NETWORK}/networks", user="other")["networks"]
    (subnet,) = cloud.get(f"{NETWORK}/subnets", user="other")["subnets"]

    assert (network["name"], network["shared"], network["status"]) == ("demo-net", True, "ACTIVE")
    assert network["subnets"] == [subnet["id"]]
    assert (subnet["cidr"], subnet["gateway_ip"]) == ("10.78.0.0/24", "10.78.0.1")


def test_nobody_but_an_administrator_changes_a_shared_network(cloud):
    (network,) = cloud.get(f"{NETWORK}/networks")["networks"]
    url = f"{NETWORK}/networks/{network['id']}"

    assert cloud.ask("DELETE", url).status_code == 403
    renamed = cloud.ask("PUT", url, user="admin", json={"network": {"name": "shared"}})
    assert renamed.json()["network"]["name"] == "shared"


def test_a_network_of_ones_own_is_made_and_deleted_with_its_subnet(cloud):
    network = _network(cloud)
    subnet = cloud.post(
        f"{NETWORK}/subnets",
        {"subnet": {"network_id": network["id"], "cidr": "10.99.0.0/24", "ip_version": 4}},
    )["subnet"]

    assert cloud.get(f"{NETWORK}/networks/{network['id']}")["network"]["subnets"] == [subnet["id"]]
    assert cloud.ask("GET", f"{NETWORK}/networks/{network['id']}", user="other").status_code == 404
    assert cloud.ask("GET", f"{NETWORK}/subnets/{subnet['id']}", user="other").status_code == 404
    assert cloud.ask("DELETE", f"{NETWORK}/networks/{network['id']}").status_code == 204
    assert cloud.ask("GET", f"{NETWORK}/subnets/{subnet['id']}").status_code == 404


def test_a_deleted_subnet_leaves_its_network(cloud):
    network = _network(cloud)
    body = {"network_id": network["id"], "cidr": "10.99.0.0/24", "ip_version": 4, "name": "s"}
    subnet = cloud.post(f"{NETWORK}/subnets", {"subnet": body})["subnet"]

    assert cloud.ask("DELETE", f"{NETWORK}/subnets/{subnet['id']}").status_code == 204
    assert cloud.get(f"{NETWORK}/networks/{network['id']}")["network"]["subnets"] == []


@pytest.mark.parametrize(
    ("collection", "body", "status"),
    [
        ("networks", {"network": {"name": 5}}, 400),
        ("networks", {"network": {"shape": "round"}}, 400),
        ("networks", {"network": {"admin_state_up": False}}, 400),
        ("networks", {"network": {"shared": True}}, 403),
        ("networks", {}, 400),
        ("subnets", _subnet(MISSING, "10.9.0.0/24"), 404),
        ("subnets", _subnet("own", "10.9.0.0/33"), 400),
        ("subnets", _subnet("own", "10.78.0.0/16"), 409),
        ("subnets", _subnet("own", "fd00::/64", ip_version=6), 400),
        ("ports", {"port": {"network_id": MISSING}}, 404),
        ("ports", {"port": {"network_id": "own", "security_groups": [MISSING]}}, 404),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_neutrons_form_and_leaves_nothing(
    cloud, collection, body, status
):
    own = _network(cloud)["id"]
    for inner in body.values():
        if inner.get("network_id") == "own":
            inner["network_id"] = own
    before = cloud.counts()

    answer = cloud.ask("POST", f"{NETWORK}/{collection}", json=body)

    assert answer.status_code == status, answer.text
    assert set(answer.json()["NeutronError"]) == {"type", "message", "detail"}
    assert cloud.counts() == before


def test_a_missing_network_is_named(cloud):
    answer = cloud.ask("GET", f"{NETWORK}/networks/{MISSING}")

    assert answer.status_code == 404
    assert answer.json()["NeutronError"] == {
        "type": "NetworkNotFound",
        "message": f"Network {MISSING} could not be found.",
        "detail": "",
    }


def test_over_quota_is_a_conflict_as_neutron_answers(cloud):
    from appliance.db import quotas

    with cloud.db.transaction() as tx:
        quotas.put(tx, cloud.project_id(), "network", 1)
    _network(cloud)

    answer = cloud.ask("POST", f"{NETWORK}/networks", json={"network": {"name": "two"}})

    assert answer.status_code == 409
    assert answer.json()["NeutronError"]["message"] == "Quota exceeded for resources: ['network']."
    assert answer.json()["NeutronError"]["type"] == "OverQuota"


def test_a_network_with_a_port_stays(cloud):
    network = _network(cloud)
    cloud.post(f"{NETWORK}/ports", {"port": {"network_id": network["id"]}})

    answer = cloud.ask("DELETE", f"{NETWORK}/networks/{network['id']}")

    assert answer.status_code == 409
    assert networks.get(cloud.db, str(network["id"]))


def test_a_port_has_an_address_and_the_default_group(cloud):
    (network,) = networks.all_networks(cloud.db)

    port = cloud.post(f"{NETWORK}/ports", {"port": {"network_id": network.id, "name": "p"}})["port"]

    (subnet,) = subnets.of_network(cloud.db, network.id)
    assert port["fixed_ips"] == [{"subnet_id": subnet.id, "ip_address": "10.78.0.2"}]
    assert len(port["security_groups"]) == 1
    assert cloud.ask("GET", f"{NETWORK}/ports/{port['id']}", user="other").status_code == 404
    assert cloud.ask("DELETE", f"{NETWORK}/ports/{port['id']}").status_code == 204
    assert cloud.counts()["fixed_ips"] == 0


def test_a_port_is_renamed_and_regrouped(cloud):
    cloud.add_host()
    (network,) = networks.all_networks(cloud.db)
    group = cloud.post(f"{NETWORK}/security-groups", {"security_group": {"name": "web"}})
    port = cloud.post(f"{NETWORK}/ports", {"port": {"network_id": network.id}})["port"]
    changed = {"name": "new", "security_groups": [group["security_group"]["id"]]}

    answer = cloud.ask("PUT", f"{NETWORK}/ports/{port['id']}", json={"port": changed}).json()[
        "port"
    ]

    assert {name: answer[name] for name in changed} == changed
    assert cloud.messages("network.box1") == [("refresh", "all")]


def test_a_servers_port_is_not_deleted_under_it(cloud):
    (port,) = ports.of_instance(cloud.db, cloud.run()["id"])

    assert cloud.ask("DELETE", f"{NETWORK}/ports/{port.id}").status_code == 409


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["demo-net", "a", "b"]),
        ("name=a", ["a"]),
        ("name=a&name=b", ["a", "b"]),
        ("shared=true", ["demo-net"]),
        ("router:external=True", []),
        ("sort_key=name&sort_dir=desc", ["demo-net", "b", "a"]),
        ("limit=1", ["demo-net"]),
    ],
)
def test_lists_are_filtered_sorted_and_paged(cloud, query, names):
    _network(cloud, "a")
    _network(cloud, "b")

    listed = cloud.get(f"{NETWORK}/networks?{query}")

    assert [network["name"] for network in listed["networks"]] == names
    if query == "limit=1":
        href = listed["networks_links"][0]["href"].removeprefix("http://testserver")
        assert [one["name"] for one in cloud.get(href)["networks"]] == ["a"]


def test_fields_are_chosen(cloud):
    (network,) = cloud.get(f"{NETWORK}/networks?fields=name&fields=mtu")["networks"]

    assert network == {"name": "demo-net", "mtu": 1500}


@pytest.mark.parametrize("query", ["shape=round", "limit=x", f"marker={MISSING}"])
def test_a_query_that_cannot_be_is_refused(cloud, query):
    assert cloud.ask("GET", f"{NETWORK}/networks?{query}").status_code == 400


def test_ports_are_found_by_address_and_device(cloud):
    key = cloud.run()["id"]
    (network,) = networks.all_networks(cloud.db)
    cloud.post(f"{NETWORK}/ports", {"port": {"network_id": network.id, "name": "p"}})

    by_ip = cloud.get(f"{NETWORK}/ports?fixed_ips=ip_address=10.78.0.2")["ports"]
    by_device = cloud.get(f"{NETWORK}/ports?device_id={key}")["ports"]

    assert [port["name"] for port in by_ip] == ["p"]
    assert [port["device_owner"] for port in by_device] == ["compute:nova"]


def test_quotas_are_read(cloud):
    own = cloud.project_id()

    assert cloud.get(f"{NETWORK}/quotas/{own}")["quota"]["port"] == 500
    assert cloud.get(f"{NETWORK}/quotas/{own}/default")["quota"]["network"] == 100
    details = cloud.get(f"{NETWORK}/quotas/{own}/details.json")["quota"]
    assert details["port"] == {"limit": 500, "used": 0, "reserved": 0}
    assert cloud.ask("GET", f"{NETWORK}/quotas/{own}", user="other").status_code == 404


def test_extensions_are_those_there_are(cloud):
    aliases = {one["alias"] for one in cloud.get(f"{NETWORK}/extensions")["extensions"]}

    assert "security-group" in aliases
    assert cloud.get(f"{NETWORK}/extensions/quotas")["extension"]["alias"] == "quotas"
    assert cloud.ask("GET", f"{NETWORK}/extensions/router").status_code == 404


def test_a_reader_reads(cloud):
    assert cloud.get(f"{NETWORK}/networks", user="watcher")["networks"]
    body = {"network": {"name": "x"}}
    assert cloud.ask("POST", f"{NETWORK}/networks", user="watcher", json=body).status_code == 403
