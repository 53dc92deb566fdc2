"""Users, projects, key pairs and groups: what their forms come to."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.tui import stage
from tests.tui.fake_cloud import FakeCloud
from tests.tui.stage import press, write
from tui import registry
from tui.actions.action import Target, shell_line
from tui.app import Tui
from tui.client import nouns
from tui.client.call import Call

USER = nouns.User(id="u1", name="demo")
GROUP = nouns.SecurityGroup(id="g1", name="web", rules=(nouns.Rule(id="r1", port_min=80),))


def _call(action_id: str, noun: nouns.Noun | None = None, **answers: str) -> Call:
    action = registry.BY_ID[action_id]
    assert action.call
    return action.call(Target(id=noun.key if noun else "", name="N", noun=noun, answers=answers))


def test_a_user_is_added_through_the_form_and_the_password_is_in_no_line(cloud: FakeCloud) -> None:
    cloud.answers[r"POST /identity/v3/users"] = (201, {"user": {"id": "u9"}})

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await app.action_open("users")
        await press(pilot, "n")
        await write(pilot, "alice", "tab")
        await write(pilot, "pa55word", "tab", "right")
        assert "pa55word" not in stage.text(app)
        await press(pilot, "ctrl+s")
        await stage.until(pilot, lambda: any(path.endswith("/users") for _, path, _ in cloud.calls))
        body = next(body for method, path, body in cloud.calls if path == "/identity/v3/users")
        assert body == {
            "user": {"name": "alice", "password": "pa55word", "default_project_id": "p1"}
        }

    stage.play(cloud, scene)


def test_roles_are_offered_by_the_cloud_and_given(cloud: FakeCloud) -> None:
    cloud.answers[r"PUT /identity/v3/projects/.*"] = (204, None)

    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await app.action_open("users")
        await press(pilot, "O", "ctrl+s")
        await stage.until(pilot, lambda: any(method == "PUT" for method, _, _ in cloud.calls))
        assert ("PUT", "/identity/v3/projects/p1/users/u1/roles/r-m", None) in cloud.calls

    stage.play(cloud, scene)


@pytest.mark.parametrize(
    ("call", "line"),
    [
        (_call("user.password", USER, password="x"),
         'PATCH /identity/v3/users/u1 {"user": {"password": "x"}}'),
        (_call("user.switch", USER), 'PATCH /identity/v3/users/u1 {"user": {"enabled": false}}'),
        (_call("user.switch", nouns.User(id="u2", is_enabled=False)),
         'PATCH /identity/v3/users/u2 {"user": {"enabled": true}}'),
        (_call("user.revoke", USER, project="p1", role="r1"),
         "DELETE /identity/v3/projects/p1/users/u1/roles/r1"),
        (_call("user.delete", USER), "DELETE /identity/v3/users/u1"),
        (_call("project.create", name="lab", description="d"),
         'POST /identity/v3/projects {"project": {"name": "lab", "description": "d"}}'),
        (_call("project.switch", nouns.Project(id="p1")),
         'PATCH /identity/v3/projects/p1 {"project": {"enabled": false}}'),
        (_call("project.rename", nouns.Project(id="p1"), name="x"),
         'PATCH /identity/v3/projects/p1 {"project": {"name": "x"}}'),
        (_call("project.delete", nouns.Project(id="p1")), "DELETE /identity/v3/projects/p1"),
        (_call("key.import", name="k", public_key="ssh-rsa A"),
         'POST /compute/v2.1/os-keypairs {"keypair": {"name": "k", "public_key": "ssh-rsa A"}}'),
        (_call("key.delete", nouns.KeyPair(id="u1/k")), "DELETE /compute/v2.1/os-keypairs/N"),
        (_call("group.add_rule", GROUP, direction="ingress", protocol="tcp", ports="80-90",
               where="10.0.0.0/8"),
         'POST /network/v2.0/security-group-rules {"security_group_rule": {"security_group_id": '
         '"g1", "direction": "ingress", "protocol": "tcp", "port_range_min": 80, '
         '"port_range_max": 90, "remote_ip_prefix": "10.0.0.0/8"}}'),
        (_call("group.add_rule", GROUP, direction="egress", protocol="any", ports="80"),
         'POST /network/v2.0/security-group-rules {"security_group_rule": {"security_group_id": '
         '"g1", "direction": "egress", "protocol": null}}'),
        (_call("group.delete_rule", GROUP, rule="r1"),
         "DELETE /network/v2.0/security-group-rules/r1"),
        (_call("group.create", name="web"),
         'POST /network/v2.0/security-groups {"security_group": {"name": "web", "description": '
         '""}}'),
    ],
)  # fmt: skip
def test_an_action_comes_to_this_call(call: Call, line: str) -> None:
    assert call.line() == line


def test_the_rule_to_close_is_chosen_among_the_groups_own(cloud: FakeCloud) -> None:
    async def scene(app: Tui, pilot: Pilot[None]) -> None:
        await app.action_open("groups")
        await press(pilot, "ctrl+e")
        assert "out any IPv4" in stage.text(app)
        await press(pilot, "escape")

    stage.play(cloud, scene)


def test_ones_own_public_key_is_offered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    question = registry.BY_ID["key.import"].asks[1]
    assert question.default(Target(id="", name="")) == ""
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_ed25519.pub").write_text("ssh-ed25519 AAAA me@here\n")

    assert question.default(Target(id="", name="")) == "ssh-ed25519 AAAA me@here"


def test_a_rule_is_one_line_of_a_shell() -> None:
    action = registry.BY_ID["group.add_rule"]
    answers = {"direction": "ingress", "protocol": "tcp", "ports": "80", "where": "10.0.0.0/8"}

    assert shell_line(action, Target(id="g1", name="web", answers=answers)) == (
        "openstack security group rule create --ingress --protocol tcp --dst-port 80:80 "
        "--remote-ip 10.0.0.0/8 g1"
    )
