"""Every rule of identity and images is touched by a request, as several persons."""

import json
import shutil
import string
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from appliance import config, ids, policy
from appliance.db import projects, role_assignments, roles, users
from appliance.model.project import DEFAULT_DOMAIN
from appliance.model.role import SYSTEM, Assignment
from appliance.model.user import User
from services.identity.api import UNSCOPED, Identity, Scope, Who
from tests.services.api import clouds, policy_rows

PERSONS = {
    "a": "admin", "m": "demo", "r": "watcher", "n": "nobody", "s": "auditor", "d": "manager",
}  # fmt: skip
# the user → its role, where, and what its token is for
GRANTED = {
    "nobody": ("", "", UNSCOPED),
    "auditor": ("reader", SYSTEM, Scope(is_system=True)),
    "manager": ("manager", DEFAULT_DOMAIN, Scope(domain=Who(id=DEFAULT_DOMAIN))),
}
LINES = [
    *((f"identity:{line[0]}", line[1].replace(" ", " /identity", 1), *line[2:])
      for line in policy_rows.IDENTITY),
    *((line[0], line[1].replace(" ", " /image", 1), *line[2:]) for line in policy_rows.IMAGES),
]  # fmt: skip
# the rules of other APIs are Nova's, Cinder's and Neutron's, and our own
ELSEWHERE = ("os_compute_api:", "volume", "limits_extension:", "object_store:", "ec2:", "novabox:")


@pytest.fixture(scope="module")
def cloud(first_start, tmp_path_factory) -> Iterator[clouds.Cloud]:
    """One cloud for all lines: each makes what it acts on."""
    template, tokens = first_start
    settings = config.parse(
        {"host": "box1", "image": {"show_locations": True}}, home=tmp_path_factory.mktemp("policy")
    )
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    cloud = clouds.opened(settings, dict(tokens))
    identity = Identity(settings, cloud.db)
    for name, (role, target_id, scope) in GRANTED.items():
        _add(cloud, name, role, target_id)
        who = Who(name=name, domain=Who(id=DEFAULT_DOMAIN))
        cloud.tokens[name] = identity.by_password(who, "secret", scope)[0]
    yield cloud
    cloud.db.close()


def _add(cloud: clouds.Cloud, name: str, role: str, target_id: str | None) -> None:
    like = users.find_by_name(cloud.db, "watcher")
    assert like is not None
    user: User = replace(like, id=ids.UserId(ids.new_hex()), name=name, default_project_id=None)
    with cloud.db.transaction() as tx:
        users.create(tx, user)
        found = roles.find_by_name(tx, role)
        if found is not None:
            given = Assignment(role_id=found.id, user_id=user.id, target_id=target_id)
            role_assignments.assign(tx, given)


class Targets(Mapping[str, str]):
    """What a request acts on, made when it is named, once for one request."""

    def __init__(self, cloud: clouds.Cloud, person: str) -> None:
        self._cloud = cloud
        self._person = person
        self._made: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._made)

    def __len__(self) -> int:
        return len(self._made)

    def _make(self, name: str) -> str:
        match name:
            case "new":
                return ids.new_hex()
            case "me":
                return self._user(self._person).id
            case "mine":
                found = projects.find_by_name(self._cloud.db, self._person)
                return found.id if found else self["project"]
            case "other_token" | "own_token":
                person = "other" if name == "other_token" else self._person
                identity = Identity(self._cloud.settings, self._cloud.db)
                return identity.by_token(self._cloud.tokens[person], UNSCOPED)[0]
            case "reader" | "admin":
                role = roles.find_by_name(self._cloud.db, name)
                assert role is not None
                return role.id
            case "image":
                return self._cloud.add_image(project_id=self._own_project())
            case "registered_limit":
                return self._limit("registered_limits", default_limit=1)
            case "metered":  # a service whose resource `x` has a registered limit
                self._limit("registered_limits", default_limit=1)
                return self["service"]
            case "limit" | "own_limit":
                of = self["project"] if name == "limit" else self["mine"]
                self["metered"]
                return self._limit("limits", resource_limit=1, project_id=of)
            case "own_trust" | "own_credential":
                return self._post(name.removeprefix("own_"), self._person)
            case "trust" | "credential":
                return self._post(name, "other")
            case _:
                return self._post(name, "admin")

    def _post(self, noun: str, person: str) -> str:
        plural, said = {
            "user": ("users", {}),
            "project": ("projects", {}),
            "group": ("groups", {}),
            "role": ("roles", {}),
            "domain": ("domains", {"enabled": False}),
            "region": ("regions", {}),
            "service": ("services", {"type": "x"}),
            "policy": ("policies", {"type": "x", "blob": "y"}),
            "endpoint": ("endpoints", {"interface": "public", "url": "http://x"}),
            "credential": ("credentials", {"type": "cert", "blob": "x"}),
            "trust": ("OS-TRUST/trusts", {"impersonation": False}),
        }[noun]
        body: dict[str, Any] = dict(said)
        if noun in ("user", "project", "group", "role", "domain"):
            body["name"] = ids.new_hex()
        if noun == "endpoint":
            body["service_id"] = self["service"]
        if noun == "trust":
            body |= {"trustor_user_id": self._user(person).id, "trustee_user_id": self["user"]}
        made = self._cloud.post(f"/identity/v3/{plural}", {noun: body}, user=person)
        return str(made[noun]["id"])

    def _limit(self, plural: str, **said: Any) -> str:
        one = {"service_id": self["service"], "resource_name": "x", **said}
        made = self._cloud.post(f"/identity/v3/{plural}", {plural: [one]}, user="admin")
        return str(made[plural][0]["id"])

    def _user(self, name: str) -> User:
        found = users.find_by_name(self._cloud.db, name)
        assert found is not None
        return found

    def _own_project(self) -> ids.ProjectId:
        found = projects.find_by_name(self._cloud.db, self._person)
        return found.id if found else self._cloud.project_id("other")


def _status(cloud: clouds.Cloud, person: str, call: str, body: Any) -> int:
    """The status of a line's request by this person."""
    targets = Targets(cloud, person)
    method, path, *subject = string.Template(call).substitute(targets).split()
    options: dict[str, Any] = {"headers": {"X-Subject-Token": subject[0]}} if subject else {}
    if isinstance(body, bytes):
        options |= {"content": body, "headers": {"Content-Type": "application/octet-stream"}}
    elif body is not None:
        content = string.Template(json.dumps(body)).substitute(targets)
        kind = "application/openstack-images-v2.1-json-patch"
        if not isinstance(body, list):
            kind = "application/json"
        options |= {"content": content, "headers": {"Content-Type": kind}}
    return cloud.ask(method, path, user=person, **options).status_code


@pytest.mark.parametrize(
    ("rule", "call", "body", "who"), LINES, ids=[f"{line[0]}-{line[1]}" for line in LINES]
)
def test_they_may_and_the_others_may_not(cloud, rule, call, body, who):
    statuses = {key: _status(cloud, PERSONS[key], call, body) for key in PERSONS}

    assert {key for key, status in statuses.items() if status != 403} == set(who), statuses
    assert max(statuses.values()) < 500
    assert rule in policy.RULES


def test_no_rule_is_forgotten():
    networks = policy._NETWORK  # its rules have no prefix
    wanted = {rule for rule in policy.RULES if not rule.startswith(ELSEWHERE)} - set(networks)

    assert wanted == {line[0] for line in LINES}
