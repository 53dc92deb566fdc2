"""The first start: keys, roles, projects, and the users whose passwords root's file keeps."""

from typing import Final

from appliance import config, credentials, errors, ids
from appliance.db import (
    connection,
    ec2_credentials,
    projects,
    role_assignments,
    roles,
    users,
)
from appliance.model.project import Project
from appliance.model.role import SYSTEM, Assignment, Role
from appliance.model.user import User
from services.identity import ec2_keys, keys, own_services, passwords

ROLES: Final = ("admin", "manager", "member", "reader", "service")
IMPLIED: Final = (("admin", "manager"), ("manager", "member"), ("member", "reader"))
PROJECT_BY_USER: Final = {"admin": "admin", "demo": "demo", "nova": "service", "glance": "service"}
# (user, project) → roles; the workers write into the object store as members of `service`
GRANTS: Final[dict[tuple[str, str], tuple[str, ...]]] = {
    ("admin", "admin"): ("admin",),
    ("admin", "demo"): ("admin",),
    ("demo", "demo"): ("member",),
    ("nova", "service"): ("service", "member"),
    ("glance", "service"): ("service", "member"),
}


def bootstrap(settings: config.Settings, db: connection.Database) -> None:
    """Make what is missing; what is there stays as it is. May run twice.

    A crash leaves the passwords written and no users, or all of it. When the file of passwords was
    lost, its users get the new ones.
    """
    keys.ensure(settings.etc_dir)
    is_new = not credentials.path(settings).exists()
    logins = credentials.ensure(settings, PROJECT_BY_USER)
    known = {user.name for user in users.listed(db)}
    hashes = {
        name: passwords.hashed(login.password)
        for name, login in logins.items()
        if is_new or name not in known
    }
    with db.transaction() as tx:
        own_services.ensure(tx, settings)
        missing = {name for name in ROLES if roles.find_by_name(tx, name) is None}
        for name in sorted(missing):
            roles.create(tx, Role(id=ids.new_hex(), name=name))
        for prior, implied in IMPLIED:
            if missing & {prior, implied}:  # what an admin takes away later stays away
                roles.imply(tx, _role(tx, prior).id, _role(tx, implied).id)
        for name in sorted(set(PROJECT_BY_USER.values())):
            if projects.find_by_name(tx, name) is None:
                projects.create(tx, Project(id=ids.ProjectId(ids.new_hex()), name=name))
        for name, password_hash in hashes.items():
            _put_user(tx, name, password_hash)
    for name in credentials.PEOPLE:
        if not logins[name].ec2_access:
            _give_key(settings, db, name)


def _give_key(settings: config.Settings, db: connection.Database, name: str) -> None:
    """Let the user sign: row first, then file; a crash between leaves a row, taken the next time.

    What is in the file is never made again: a key that was deleted stays deleted.
    """
    sealer = keys.of_secrets(settings.etc_dir)
    with db.transaction() as tx:
        user = users.find_by_name(tx, name)
        home = projects.find_by_name(tx, PROJECT_BY_USER[name])
        if user is None or home is None:
            return
        known = [key for key in ec2_credentials.of_user(tx, user.id) if key.project_id == home.id]
        key = known[0] if known else ec2_keys.make(tx, sealer, user_id=user.id, project_id=home.id)
    secret = ec2_keys.opened(sealer, key).secret.reveal()
    credentials.keep_ec2_key(settings, name, access=key.access, secret=secret)


def _put_user(tx: connection.Transaction, name: str, password_hash: str) -> None:
    """Make the user with its roles, or give the one there is this password."""
    user = users.find_by_name(tx, name)
    if user is not None:
        users.set_password(tx, user.id, password_hash)
        return
    home = projects.find_by_name(tx, PROJECT_BY_USER[name])
    user = User(
        id=ids.UserId(ids.new_hex()), name=name, password_hash=password_hash,
        default_project_id=home.id if home else None,
    )  # fmt: skip
    users.create(tx, user)
    for (who, where), names in GRANTS.items():
        project = projects.find_by_name(tx, where)
        if who != name or project is None:
            continue
        for role in names:
            given = Assignment(role_id=_role(tx, role).id, user_id=user.id, target_id=project.id)
            role_assignments.assign(tx, given)
    if name == "admin":
        given = Assignment(role_id=_role(tx, name).id, user_id=user.id, target_id=SYSTEM)
        role_assignments.assign(tx, given)


def _role(tx: connection.Transaction, name: str) -> Role:
    found = roles.find_by_name(tx, name)
    if found is None:
        raise errors.NotFound("role", name)
    return found
