"""What can be done to users, projects and key pairs; most of it an administrator may alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from tui.actions.action import Action, Level, Offers, Question, Target, openstack, reader
from tui.client import nouns, verbs
from tui.store import Store


def _said(target: Target, name: str, placeholder: str = "") -> str:
    return target.answers.get(name) or placeholder or name.upper()


def _projects(store: Store, target: Target) -> Sequence[nouns.Choice]:
    return [
        nouns.Choice(id=item.id, name=item.name, note=item.description)
        for item in sorted(store.all(nouns.Project), key=lambda item: item.name)
    ]


def _new_user(target: Target) -> Mapping[str, Any]:
    user: dict[str, Any] = {"name": _said(target, "name"), "password": _said(target, "password")}
    if project_id := target.answers.get("project"):
        user["default_project_id"] = project_id
    return user


def _is_enabled(target: Target) -> bool:
    noun = target.noun
    return noun.is_enabled if isinstance(noun, nouns.User | nouns.Project) else True


def _switch(what: str) -> Action:
    """Enable or disable, by what it is now."""

    def line(target: Target) -> tuple[str, ...]:
        return ("openstack", what, "set", "--disable" if _is_enabled(target) else "--enable",
                target.id)  # fmt: skip

    update = verbs.identity.update_user if what == "user" else verbs.identity.update_project
    return Action(
        id=f"{what}.switch", keys="D", label="enable/disable", views=(f"{what}s",),
        purpose=f"Disable the {what}: nobody logs in to it until it is enabled again."
        if what == "project" else "Disable the user: they cannot log in until enabled again.",
        level=Level.REVERSIBLE, cli=line,
        call=lambda target: update(target.id, {"enabled": not _is_enabled(target)}),
    )  # fmt: skip


def _own_public_key(target: Target) -> str:
    """Return the public key of whoever sits here, if there is one."""
    for name in ("id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"):
        file = Path.home() / ".ssh" / name
        if file.is_file():
            return file.read_text(errors="replace").strip()
    return ""


_ROLE: Final = Question(
    name="role", label="Role", kind="choice",
    offers=Offers(call=lambda _: verbs.identity.roles(), read=reader("role_choices")),
)  # fmt: skip
_PROJECT: Final = Question(name="project", label="Project", kind="choice", among=_projects)

USERS: Final = (
    Action(
        id="user.create", keys="n", label="new user", views=("users",), makes=True,
        purpose="Add somebody who can log in; a role is given apart from it.",
        asks=(Question(name="name", label="Name"),
              Question(name="password", label="Password", kind="secret"),
              Question(name="project", label="Project", kind="choice", among=_projects,
                       is_optional=True)),
        cli=lambda target: ("openstack", "user", "create", "--password",
                            _said(target, "password"), _said(target, "name")),
        call=lambda target: verbs.identity.create_user(_new_user(target)),
    ),
    Action(
        id="user.grant", keys="O", label="give role", views=("users",), level=Level.REVERSIBLE,
        purpose="Give the user a role in a project.", asks=(_PROJECT, _ROLE),
        cli=lambda target: ("openstack", "role", "add", "--project", _said(target, "project"),
                            "--user", target.id, _said(target, "role")),
        call=lambda target: verbs.identity.grant(
            _said(target, "project"), target.id, _said(target, "role")),
    ),
    Action(
        id="user.revoke", keys="ctrl+e", label="take role", views=("users",),
        level=Level.ONE_OBJECT, purpose="Take a role in a project from the user.",
        asks=(_PROJECT, _ROLE),
        cli=lambda target: ("openstack", "role", "remove", "--project", _said(target, "project"),
                            "--user", target.id, _said(target, "role")),
        call=lambda target: verbs.identity.revoke(
            _said(target, "project"), target.id, _said(target, "role")),
    ),
    Action(
        id="user.password", keys="P", label="password", views=("users",), level=Level.REVERSIBLE,
        purpose="Give the user another password; all their tokens end.",
        asks=(Question(name="password", label="Password", kind="secret"),),
        cli=lambda target: ("openstack", "user", "set", "--password", _said(target, "password"),
                            target.id),
        call=lambda target: verbs.identity.update_user(
            target.id, {"password": _said(target, "password")}),
    ),
    _switch("user"),
    Action(
        id="user.delete", keys="ctrl+d", label="delete", views=("users",), level=Level.FOR_GOOD,
        purpose="The user, all roles and all keys for EC2 are gone; what they made stays.",
        cli=openstack("user", "delete", "ID"),
        call=lambda target: verbs.identity.delete_user(target.id),
    ),
)  # fmt: skip
PROJECTS: Final = (
    Action(
        id="project.create", keys="n", label="new project", views=("projects",), makes=True,
        purpose="Make a project; whoever gets a role in it can work there.",
        asks=(Question(name="name", label="Name"),
              Question(name="description", label="Description", is_optional=True)),
        cli=lambda target: ("openstack", "project", "create", "--description",
                            target.answers.get("description", ""), _said(target, "name")),
        call=lambda target: verbs.identity.create_project({
            "name": _said(target, "name"),
            "description": target.answers.get("description", "")}),
    ),
    Action(
        id="project.rename", keys="e", label="rename", views=("projects",), level=Level.REVERSIBLE,
        purpose="Give the project another name.",
        asks=(Question(name="name", label="Name", default=lambda target: target.name),),
        cli=lambda target: ("openstack", "project", "set", "--name", _said(target, "name"),
                            target.id),
        call=lambda target: verbs.identity.update_project(
            target.id, {"name": _said(target, "name")}),
    ),
    _switch("project"),
    Action(
        id="project.delete", keys="ctrl+d", label="delete", views=("projects",),
        level=Level.EVERYTHING,
        purpose="The project and all roles in it are gone; what is left in it is nobody's.",
        cli=openstack("project", "delete", "ID"),
        call=lambda target: verbs.identity.delete_project(target.id),
    ),
)  # fmt: skip
KEYS: Final = (
    Action(
        id="key.import", keys="n", label="import key", views=("keys",), makes=True,
        purpose="Import a public key, by which new instances let you in.",
        asks=(Question(name="name", label="Name"),
              Question(name="public_key", label="Public key", default=_own_public_key,
                       hint="ssh-ed25519 AAAA... you@here")),
        cli=lambda target: ("openstack", "keypair", "create", "--public-key", "FILE",
                            _said(target, "name")),
        call=lambda target: verbs.compute.import_key_pair(
            _said(target, "name"), _said(target, "public_key")),
    ),
    Action(
        id="key.delete", keys="ctrl+d", label="delete", views=("keys",), level=Level.ONE_OBJECT,
        purpose="No new instance lets the key in; those that were made with it still do.",
        cli=lambda target: ("openstack", "keypair", "delete", target.name),
        call=lambda target: verbs.compute.delete_key_pair(target.name),
    ),
)  # fmt: skip
ACTIONS: Final = (*USERS, *PROJECTS, *KEYS)
