"""Validating a token as each request does, beside its floor: one Fernet decryption.

What is asked each time: whether the token was revoked, its user, its project, their domains, and
the roles in effect there. The cloud has a thousand users and projects, and a grant of each.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography import fernet

from appliance import config, ids
from appliance.db import connection, migrations, projects, role_assignments, roles, users
from appliance.model.project import Project
from appliance.model.role import Assignment
from appliance.model.user import User
from services.identity import api, keys

ROUNDS: Final = 2000
PEOPLE: Final = 1000


def measure() -> dict[str, float]:
    """Medians in milliseconds: `resolve` of a token never seen, its 90th percentile, `again` of one
    that was (while nothing is written), and `floor`.
    """
    with tempfile.TemporaryDirectory(dir=os.environ.get("NOVABOX_BENCH_DIR", "/var/tmp")) as folder:
        settings = config.parse({}, home=Path(folder))
        migrations.migrate(settings.home)
        db = connection.open_db(settings.home)
        api.bootstrap(settings, db)
        _populate(db)
        identity = api.Identity(settings, db)
        fresh = [identity.service_token("demo") for _ in range(ROUNDS)]  # each is looked at once
        token = fresh[0]
        key = fernet.Fernet(keys.tokens_path(settings.etc_dir).read_text().split()[0])
        padded = token + "=" * (-len(token) % 4)
        took = _times(map(identity.resolve, fresh).__next__)
        again = _times(lambda: identity.resolve(token))
        floor = _times(lambda: key.decrypt(padded))
        db.close()
    return {
        "resolve_ms": 1000 * statistics.median(took),
        "resolve_p90_ms": 1000 * sorted(took)[int(0.9 * ROUNDS)],
        "again_ms": 1000 * statistics.median(again),
        "floor_ms": 1000 * statistics.median(floor),
    }


def rows(figures: dict[str, float]) -> list[tuple[str, str, str, str, bool]]:
    """What, figure, what it is compared with, goal, and whether it is met."""
    return [
        ("validating a token",
         f"{figures['resolve_ms']:.2f} ms (p90 {figures['resolve_p90_ms']:.2f})",
         f"one Fernet decryption {figures['floor_ms']:.3f} ms; while nothing is written "
         f"{figures['again_ms']:.3f} ms", "< 1 ms", figures["resolve_ms"] < 1),
    ]  # fmt: skip


def _times(ask: Callable[[], object]) -> list[float]:
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        took.append(time.perf_counter() - began)
    return took


def _populate(db: connection.Database) -> None:
    with db.transaction() as tx:
        member = roles.find_by_name(tx, "member")
        assert member is not None
        for number in range(PEOPLE):
            project = Project(id=ids.ProjectId(ids.new_hex()), name=f"p{number}")
            user = User(id=ids.UserId(ids.new_hex()), name=f"u{number}", password_hash="")
            projects.create(tx, project)
            users.create(tx, user)
            given = Assignment(role_id=member.id, user_id=user.id, target_id=project.id)
            role_assignments.assign(tx, given)
