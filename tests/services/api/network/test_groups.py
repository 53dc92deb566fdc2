"""Security groups and rules through the Networking API, as Neutron answers."""

import pytest

from tests.services.api.clouds import NETWORK, Cloud

GROUPS = f"{NETWORK}/security-groups"
RULES = f"{NETWORK}/security-group-rules"
MISSING = "11111111-2222-4333-8444-555555555555"


def _default(cloud: Cloud, user: str = "demo") -> str:
    (group,) = cloud.get(f"{GROUPS}?name=default&project_id={cloud.project_id(user)}", user=user)[
        "security_groups"
    ]
    return str(group["id"])


def test_every_project_has_a_default_group_once(cloud):
    first, second = (cloud.get(GROUPS)["security_groups"] for _ in range(2))

    assert first == second
    (group,) = first
    rules = group["security_group_rules"]
    assert sorted((rule["direction"], rule["ethertype"]) for rule in rules) == [
        ("egress", "IPv4"), ("egress", "IPv6"), ("ingress", "IPv4"), ("ingress", "IPv6"),
    ]  # fmt: skip
    assert {rule["remote_group_id"] for rule in rules} == {None, group["id"]}


def test_a_new_group_lets_everything_out_and_nothing_in(cloud):
    body = {"security_group": {"name": "web", "description": "d"}}
    group = cloud.post(GROUPS, body)["security_group"]

    assert {rule["direction"] for rule in group["security_group_rules"]} == {"egress"}
    assert cloud.get(f"{GROUPS}/{group['id']}")["security_group"] == group
    assert cloud.ask("GET", f"{GROUPS}/{group['id']}", user="other").status_code == 404


def test_a_rule_is_made_told_to_hosts_and_deleted(cloud):
    cloud.add_host()
    group_id = _default(cloud)
    wanted = {
        "security_group_id": group_id, "direction": "ingress", "protocol": "TCP",
        "port_range_min": 22, "port_range_max": 22, "remote_ip_prefix": "10.0.0.7/8",
    }  # fmt: skip

    rule = cloud.post(RULES, {"security_group_rule": wanted})["security_group_rule"]

    assert (rule["protocol"], rule["remote_ip_prefix"]) == ("tcp", "10.0.0.0/8")
    assert cloud.messages("network.box1") == [("refresh", "all")]
    assert cloud.get(f"{RULES}/{rule['id']}")["security_group_rule"] == rule
    listed = cloud.get(f"{RULES}?port_range_min=22")["security_group_rules"]
    assert [one["id"] for one in listed] == [rule["id"]]
    assert cloud.ask("DELETE", f"{RULES}/{rule['id']}", user="other").status_code == 404
    assert cloud.ask("DELETE", f"{RULES}/{rule['id']}").status_code == 204
    assert cloud.ask("GET", f"{RULES}/{rule['id']}").status_code == 404
    assert len(cloud.messages("network.box1")) == 2


@pytest.mark.parametrize(
    ("rule", "status"),
    [
        ({"protocol": "icmp"}, 201),
        ({"protocol": "icmp", "port_range_min": 8, "port_range_max": 0}, 201),
        ({"protocol": 112}, 201),
        ({"protocol": "any"}, 201),
        ({"remote_group_id": "own"}, 409),
        ({"protocol": "icmp", "port_range_max": 0}, 400),
        ({"protocol": "icmp", "port_range_min": 300}, 400),
        ({"protocol": "carrier-pigeon"}, 400),
        ({"protocol": "256"}, 400),
        ({"port_range_min": 22, "port_range_max": 22}, 400),
        ({"protocol": "tcp", "port_range_min": 23, "port_range_max": 22}, 400),
        ({"protocol": "tcp", "port_range_min": 22}, 400),
        ({"protocol": "tcp", "port_range_min": 1, "port_range_max": 70_000}, 400),
        ({"direction": "sideways"}, 400),
        ({"ethertype": "IPv5"}, 400),
        ({"remote_ip_prefix": "10.0.0.0/40"}, 400),
        ({"remote_ip_prefix": "fd00::/8"}, 400),
        ({"remote_ip_prefix": "10.0.0.0/8", "remote_group_id": "own"}, 400),
        ({"remote_group_id": MISSING}, 404),
        ({"security_group_id": MISSING}, 404),
        ({"protocol": ["tcp"]}, 400),
    ],
)
def test_rules_are_checked(cloud, rule, status):
    own = _default(cloud)
    body = {"security_group_id": own, "direction": "ingress", **rule}
    if body.get("remote_group_id") == "own":
        body["remote_group_id"] = own
    before = cloud.counts()

    answer = cloud.ask("POST", RULES, json={"security_group_rule": body})

    assert answer.status_code == status, answer.text
    if status != 201:
        assert cloud.counts() == before


def test_the_same_rule_twice_is_a_conflict(cloud):
    body = {
        "security_group_rule": {
            "security_group_id": _default(cloud), "direction": "ingress", "protocol": "icmp",
        }
    }  # fmt: skip
    rule = cloud.post(RULES, body)["security_group_rule"]

    answer = cloud.ask("POST", RULES, json=body)

    assert answer.status_code == 409
    assert rule["id"] in answer.json()["NeutronError"]["message"]


def test_a_group_of_another_project_is_no_remote(cloud):
    theirs = _default(cloud, "other")
    body = {"security_group_id": _default(cloud), "direction": "ingress", "remote_group_id": theirs}

    assert cloud.ask("POST", RULES, json={"security_group_rule": body}).status_code == 404


def test_the_default_group_stays_what_it_is(cloud):
    url = f"{GROUPS}/{_default(cloud)}"

    assert cloud.ask("DELETE", url).status_code == 409
    assert cloud.ask("PUT", url, json={"security_group": {"name": "x"}}).status_code == 409
    again = cloud.ask("POST", GROUPS, json={"security_group": {"name": "default"}})
    assert again.status_code == 409
    described = cloud.ask("PUT", url, json={"security_group": {"description": "ours"}})
    assert described.json()["security_group"]["description"] == "ours"


def test_a_group_in_use_stays(cloud):
    group = cloud.post(GROUPS, {"security_group": {"name": "web"}})["security_group"]
    key = cloud.run(security_groups=[{"name": "web"}])["id"]
    url = f"{GROUPS}/{group['id']}"

    assert cloud.ask("DELETE", url).status_code == 409
    cloud.ask("DELETE", f"/compute/v2.1/servers/{key}")
    assert cloud.ask("DELETE", url).status_code == 204


def test_groups_have_a_quota(cloud):
    for number in range(9):
        cloud.post(GROUPS, {"security_group": {"name": f"g{number}"}})

    answer = cloud.ask("POST", GROUPS, json={"security_group": {"name": "one more"}})

    assert (answer.status_code, answer.json()["NeutronError"]["type"]) == (409, "OverQuota")
