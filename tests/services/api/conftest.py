"""A bootstrapped cloud for each test: copied, because hashing passwords takes a second."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from appliance import config, credentials, ids
from appliance import queue as topics_
from appliance.db import connection, projects, roles, users
from appliance.model.project import Project
from appliance.model.user import User
from services.api import __main__ as process
from services.api import app
from services.identity import passwords
from services.identity.api import Identity
from tests.services.api import clouds

OTHERS = {"other": "member", "watcher": "reader"}  # users in a project of their name: their role


@pytest.fixture(scope="session")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A cloud after its first start, with two more users; and a token for each."""
    settings = config.parse({"host": "box1"}, home=tmp_path_factory.mktemp("cloud"))
    process.bootstrap(settings)
    process.bootstrap(settings)  # may run twice
    db = connection.open_db(settings.home)
    word = {user: credentials.read(settings, user).password for user in ("admin", "demo")}
    with db.transaction() as tx:
        for user, role in OTHERS.items():
            _add_user(tx, user, role)
    word |= dict.fromkeys(OTHERS, "secret")
    found = clouds.tokens(Identity(settings, db), word)
    db.close()
    return settings.home, found


def _add_user(tx: connection.Transaction, name: str, role: str) -> None:
    project = Project(id=ids.ProjectId(ids.new_hex()), name=name)
    user = User(
        id=ids.UserId(ids.new_hex()), name=name, password_hash=passwords.hashed("secret"),
        default_project_id=project.id,
    )  # fmt: skip
    projects.create(tx, project)
    users.create(tx, user)
    granted = roles.find_by_name(tx, role)
    assert granted is not None
    roles.assign(tx, granted.id, user_id=user.id, project_id=project.id)


@pytest.fixture
def cloud(
    settings: config.Settings, first_start: tuple[Path, dict[str, str]]
) -> Iterator[clouds.Cloud]:
    """The API of a cloud of one's own."""
    template, tokens = first_start
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    db = connection.open_db(settings.home)
    topics = topics_.Queue(settings)
    api = app.build(settings, db, topics)
    client = TestClient(api.application, raise_server_exceptions=False)
    yield clouds.Cloud(settings, db, topics, api, client, tokens)
    db.close()
