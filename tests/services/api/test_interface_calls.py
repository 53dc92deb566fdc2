"""What the interface sends for people, keys, groups and networks, sent to the real API."""

from typing import Any

import pytest

from tests.services.api.cloud.workers import Workers
from tui import registry
from tui.actions.action import Target
from tui.client import insides, nouns, openstack
from tui.client.call import Call

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHz6F1Y0uTh0Q0d1vE8PzR3ZcW1Jb3o2bY0pXq9fQx1b me@here"


class Sender:
    """Sends calls as somebody."""

    def __init__(self, cloud: Any, user: str) -> None:
        self.cloud = cloud
        self.user = user

    def send(self, call: Call) -> Any:
        """The body of the answer, which is no refusal."""
        path = call.line().split(" ")[1]
        answer = self.cloud.ask(call.method, path, user=self.user, json=call.body)
        assert answer.status_code < 300, (call.line(), answer.text)
        return answer.json() if answer.content else None

    def act(self, action_id: str, noun: nouns.Noun | None = None, **answers: str) -> Any:
        """Do an action to a noun."""
        call = registry.BY_ID[action_id].call
        assert call
        key = noun.key if noun else ""
        name = getattr(noun, "name", "")
        return self.send(call(Target(id=key, name=name, noun=noun, answers=answers)))

    def status(self, action_id: str, noun: nouns.Noun | None = None, **answers: str) -> int:
        """What an action is answered with."""
        call = registry.BY_ID[action_id].call
        assert call
        made = call(Target(id=noun.key if noun else "", name="", noun=noun, answers=answers))
        path = made.line().split(" ")[1]
        status: int = self.cloud.ask(
            made.method, path, user=self.user, json=made.body
        ).status_code  # fmt: skip
        return status


@pytest.fixture
def admin(cloud: Any) -> Sender:
    return Sender(cloud, "admin")


@pytest.fixture
def demo(cloud: Any) -> Sender:
    return Sender(cloud, "demo")


def test_a_user_is_added_given_a_role_and_a_password_switched_off_and_removed(
    admin: Sender, cloud: Any
) -> None:
    project = admin.act("project.create", name="lab", description="d")["project"]
    made = admin.act("user.create", name="eve", password="first-word", project=project["id"])
    user = nouns.User(id=made["user"]["id"], name="eve")
    choices = openstack.role_choices(
        admin.send(Call(service="identity", method="GET", path="/roles"))
    )  # fmt: skip
    role = next(one.id for one in choices if one.name == "member")
    admin.act("user.grant", user, project=project["id"], role=role)
    admin.act("user.password", user, password="second-word")
    roles = cloud.get(f"/identity/v3/projects/{project['id']}/users/{user.id}/roles", user="admin")
    assert [one["name"] for one in roles["roles"]] == ["member"]
    admin.act("user.revoke", user, project=project["id"], role=role)
    off = admin.act("user.switch", user)["user"]
    assert off["enabled"] is False
    on = admin.act("user.switch", nouns.User(id=user.id, is_enabled=False))["user"]
    assert on["enabled"] is True
    admin.act("user.delete", user)
    assert cloud.ask("GET", f"/identity/v3/users/{user.id}", user="admin").status_code == 404


def test_a_project_is_renamed_switched_off_and_removed(admin: Sender) -> None:
    made = admin.act("project.create", name="lab")["project"]
    project = nouns.Project(id=made["id"], name="lab")
    assert admin.act("project.rename", project, name="lab2")["project"]["name"] == "lab2"
    assert admin.act("project.switch", project)["project"]["enabled"] is False
    admin.act("project.delete", project)


def test_a_member_may_none_of_it(demo: Sender) -> None:
    user = nouns.User(id="u1")
    assert demo.status("user.create", name="x", password="some-word") == 403
    assert demo.status("user.delete", user) in (403, 404)
    assert demo.status("project.create", name="x") == 403


def test_a_key_is_imported_and_removed(demo: Sender, cloud: Any) -> None:
    demo.act("key.import", name="laptop", public_key=KEY)
    (pair,) = cloud.get("/compute/v2.1/os-keypairs")["keypairs"]
    assert pair["keypair"]["name"] == "laptop"
    demo.act("key.delete", nouns.KeyPair(id="u/laptop", name="laptop"))
    assert cloud.get("/compute/v2.1/os-keypairs")["keypairs"] == []


def test_a_group_is_made_opened_closed_and_removed(demo: Sender, cloud: Any) -> None:
    made = demo.act("group.create", name="web", description="")["security_group"]
    group = nouns.SecurityGroup(id=made["id"], name="web")
    opened = demo.act(
        "group.add_rule", group, direction="ingress", protocol="tcp", ports="80-90",
        where="10.0.0.0/8",
    )["security_group_rule"]  # fmt: skip
    assert (opened["port_range_min"], opened["port_range_max"]) == (80, 90)
    assert opened["remote_ip_prefix"] == "10.0.0.0/8"
    demo.act("group.add_rule", group, direction="ingress", protocol="icmp")
    demo.act("group.add_rule", group, direction="ingress", protocol="any")
    demo.act("group.delete_rule", group, rule=opened["id"])
    demo.act("group.delete", group)


def test_a_network_is_made_and_removed(demo: Sender) -> None:
    made = demo.act("network.create", name="blue")["network"]
    demo.act("network.delete", nouns.Network(id=made["id"], name="blue"))


def test_an_x_ray_and_a_path_are_read_as_they_are_told(demo: Sender, cloud: Any) -> None:
    workers = Workers(cloud)
    workers.answer()
    a, b = (workers.running(name=name) for name in ("a", "b"))
    tree = insides.xray(demo.act("object.xray", nouns.Instance(id=a, name="a")))
    assert (tree.label, tree.meaning) == ("a", "good")
    assert {part.label.split(" ")[0] for part in tree.children} >= {"process", "disk", "nic", "db"}
    found = insides.path(
        demo.act("network.check_path", **{"from": a, "to": b}, protocol="tcp", port="80")
    )  # fmt: skip
    assert [check.what for check in found.checks if check.is_passed is False] == ["lease", "lease"]
    workers.close()
