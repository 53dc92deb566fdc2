"""The first start: keys, roles, projects, and the users whose passwords root's file keeps."""

from typing import Final

from appliance import config, credentials, ids
from appliance.db import connection, ec2_credentials, projects, roles, users
from appliance.model.project import Project
from appliance.model.user import Role, User
from services.identity import ec2_keys, passwords, sealing

PEOPLE: Final = ("admin", "demo")
ROLES: Final = ("admin", "member", "reader", "service")
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
    sealing.ensure_keys(settings.etc_dir)
    is_new = not credentials.path(settings).exists()
    logins = credentials.ensure(settings, PROJECT_BY_USER)
    known = {user.name for user in users.all_users(db)}
    hashes = {
        name: passwords.hashed(login.password)
        for name, login in logins.items()
        if is_new or name not in known
    }
    with db.transaction() as tx:
        for name in ROLES:
            if roles.find_by_name(tx, name) is None:
                roles.create(tx, Role(id=ids.new_hex(), name=name))
        for name in sorted(set(PROJECT_BY_USER.values())):
            if projects.find_by_name(tx, name) is None:
                projects.create(tx, Project(id=ids.ProjectId(ids.new_hex()), name=name))
        for name, password_hash in hashes.items():
            _put_user(tx, name, password_hash)
    for name in PEOPLE:
        if not logins[name].ec2_access:
            _give_key(settings, db, name)


def _give_key(settings: config.Settings, db: connection.Database, name: str) -> None:
    """Let the user sign: row first, then file; a crash between leaves a row, taken the next time.

    What is in the file is never made again: a key that was deleted stays deleted.
    """
    sealer = sealing.sealer(settings.etc_dir)
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
        if who == name and project is not None:
            for role in filter(None, (roles.find_by_name(tx, wanted) for wanted in names)):
                roles.assign(tx, role.id, user_id=user.id, project_id=project.id)
