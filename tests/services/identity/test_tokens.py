"""Tokens: who gets one, what it grants, and what ends it."""

import dataclasses
import time

import pytest

from appliance import clock, config, credentials, errors
from appliance.db import connection, projects, role_assignments, users
from services.identity import api, keys, sealing
from services.identity.api import UNSCOPED, Scope, Who, grants
from services.identity.api import users as user_verbs


@pytest.fixture
def identity(settings: config.Settings, db: connection.Database) -> api.Identity:
    api.bootstrap(settings, db)
    return api.Identity(settings, db)


@pytest.fixture
def password(settings: config.Settings, identity: api.Identity) -> str:
    return credentials.read(settings, "demo").password


HOME = Who(name="Default")
ELSEWHERE = Who(name="elsewhere")
DEMO = Who(name="demo", domain=HOME)


def test_a_password_gets_a_token_for_ones_own_project(identity, password):
    text, token = identity.by_password(DEMO, password, None)

    ctx = identity.resolve(text)
    assert (ctx.user_name, ctx.project_name, ctx.roles) == (
        "demo",
        "demo",
        {"member", "reader"},
    )
    assert token.methods == ("password",)
    assert clock.seconds(token.expires_at) - clock.seconds(token.issued_at) == 3600


def test_an_unscoped_token_grants_nothing(identity, password):
    text, token = identity.by_password(DEMO, password, UNSCOPED)

    assert (token.standing.target, token.standing.roles) == (None, ())
    assert (identity.resolve(text).project_id, identity.resolve(text).roles) == ("", frozenset())


def test_a_token_gets_another_that_ends_when_it_ends(identity, password):
    text, first = identity.by_password(DEMO, password, UNSCOPED)

    _, second = identity.by_token(text, Scope(project=Who(name="demo", domain=Who(id="default"))))

    assert second.standing.target is not None
    assert second.expires_at == first.expires_at
    assert second.methods == ("password", "token")
    assert second.audit_ids[0] != first.audit_ids[0]
    assert second.audit_ids[1] == first.audit_ids[0]


@pytest.mark.parametrize(
    ("who", "said", "scope"),
    [
        (DEMO, "wrong", None),
        (DEMO, "x" * 5000, None),
        (Who(name="nobody", domain=HOME), "wrong", None),
        (Who(name="demo", domain=ELSEWHERE), None, None),
        (DEMO, None, Scope(project=Who(name="admin", domain=HOME))),
        (DEMO, None, Scope(project=Who(name="no such project", domain=HOME))),
        (DEMO, None, Scope(project=Who(name="demo", domain=ELSEWHERE))),
        (DEMO, None, Scope(domain=HOME)),
        (DEMO, None, Scope(is_system=True)),
        (DEMO, None, Scope(trust_id="no such trust")),
    ],
)
def test_whatever_is_wrong_is_refused_in_the_same_words(identity, password, who, said, scope):
    with pytest.raises(errors.Unauthorized, match=r"^The request you have made"):
        identity.by_password(who, said or password, scope)


@pytest.mark.parametrize("text", ["", "x", "gAAAAA", "é", "gAAAAAB" + "A" * 200])
def test_what_is_not_our_token_is_refused(identity, text):
    with pytest.raises(errors.Unauthorized):
        identity.resolve(text)


def test_a_changed_token_is_refused(identity, password):
    text, _ = identity.by_password(DEMO, password, None)

    for place in range(0, len(text), 40):
        other = "A" if text[place] != "A" else "B"
        with pytest.raises(errors.Unauthorized):
            identity.resolve(text[:place] + other + text[place + 1 :])


def test_another_clouds_token_is_refused(identity, settings, password):
    text, _ = identity.by_password(DEMO, password, None)
    stranger = sealing.Sealer(["n3LwdsoeXzTtpjVqQrFoBZGYBXKbKDtDZdHrOhhP9Is="])

    with pytest.raises(errors.Unauthorized):
        stranger.open(text)


def test_an_expired_token_is_refused(identity, settings, password):
    text, _ = identity.by_password(DEMO, password, None)
    sealer = keys.Keys(keys.tokens_path(settings.etc_dir)).sealer()
    payload = sealer.open(text)

    with pytest.raises(errors.Unauthorized, match="expired at"):
        identity.resolve(sealer.seal(dataclasses.replace(payload, expires_s=time.time())))


def test_a_revoked_token_is_refused_and_others_go_on(identity, password):
    first, _ = identity.by_password(DEMO, password, None)
    second, _ = identity.by_password(DEMO, password, None)

    identity.revoke(identity.resolve(first), first)

    with pytest.raises(errors.Unauthorized, match="revoked"):
        identity.resolve(first)
    assert identity.resolve(second).user_name == "demo"


def test_a_new_password_ends_the_tokens_of_the_old_one(identity, settings, db, password):
    text, token = identity.by_password(DEMO, password, None)

    user_verbs.change_password(
        settings, db, token.standing.user.id, original=password, password="new"
    )

    with pytest.raises(errors.Unauthorized, match="password that is no more"):
        identity.resolve(text)
    identity.by_password(DEMO, "new", None)


def test_a_disabled_or_deleted_user_or_project_ends_its_tokens(identity, db, settings, password):
    text, token = identity.by_password(DEMO, password, None)
    admin = identity.resolve(identity.service_token("admin"))

    user_verbs.update(db, admin, token.standing.user.id, {"is_enabled": 0})
    with pytest.raises(errors.Unauthorized):
        identity.resolve(text)
    with pytest.raises(errors.Unauthorized):
        identity.by_password(DEMO, password, None)
    user_verbs.update(db, admin, token.standing.user.id, {"is_enabled": 1})
    assert identity.resolve(text).user_name == "demo"
    with db.transaction() as tx:
        projects.delete(tx, token.standing.target.id)
    with pytest.raises(errors.Unauthorized):
        identity.resolve(text)


def test_a_role_taken_away_is_gone_at_the_next_request(identity, db, password):
    text, token = identity.by_password(DEMO, password, None)
    admin = identity.resolve(identity.service_token("admin"))

    for given in role_assignments.listed(db, user_id=token.standing.user.id):
        grants.revoke(db, admin, given)

    assert identity.resolve(text).roles == frozenset()


def test_only_admins_and_our_own_workers_look_at_anothers_token(identity, password):
    theirs, token = identity.by_password(DEMO, password, None)
    admins = identity.service_token("admin")

    assert identity.show(identity.resolve(admins), theirs).audit_ids == token.audit_ids
    worker = identity.resolve(identity.service_token("nova"))
    assert identity.show(worker, theirs).audit_ids == token.audit_ids
    with pytest.raises(errors.Forbidden):
        identity.show(identity.resolve(theirs), admins)
    with pytest.raises(errors.NotFound):
        identity.show(worker, "no token")


def test_a_token_is_resolved_in_less_than_a_millisecond(identity):
    text = identity.service_token("nova")
    identity.resolve(text)

    spent = []
    for _ in range(50):
        started = time.thread_time()
        identity.resolve(text)
        spent.append(time.thread_time() - started)

    assert min(spent) < 0.001


def test_workers_are_members_of_the_project_service(identity):
    ctx = identity.resolve(identity.service_token("glance"))

    assert (ctx.project_name, ctx.roles) == ("service", {"service", "member", "reader"})
    assert ctx.is_service


def test_bootstrap_changes_nothing_that_is_there(identity, settings, db, password):
    before = (users.listed(db), projects.listed(db), _bytes(settings))

    api.bootstrap(settings, db)

    assert (users.listed(db), projects.listed(db), _bytes(settings)) == before


def _bytes(settings):
    return {file.name: file.read_bytes() for file in settings.etc_dir.iterdir()}


def test_what_bootstrap_writes_is_its_owners_alone(identity, settings):
    modes = {file.name: file.stat().st_mode & 0o777 for file in settings.etc_dir.iterdir()}

    assert modes == dict.fromkeys(("credentials.json", "credential-keys", "fernet-keys"), 0o600)
    assert settings.etc_dir.stat().st_mode & 0o777 == 0o700


def test_a_lost_file_of_passwords_is_written_again_and_its_passwords_hold(identity, settings, db):
    credentials.path(settings).unlink()

    api.bootstrap(settings, db)

    identity.by_password(DEMO, credentials.read(settings, "demo").password, None)


def test_without_keys_the_error_says_what_to_do(settings, db):
    with pytest.raises(errors.ConfigError, match="novabox up"):
        api.Identity(settings, db)


def _later(monkeypatch, seconds):
    now_s = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now_s + seconds)


def test_what_a_token_comes_to_is_read_once_until_something_is_written(identity, db, password):
    text, _ = identity.by_password(DEMO, password, None)
    first, again = identity.resolve(text), identity.resolve(text)
    with db.transaction() as tx:
        tx.execute("UPDATE projects SET name = 'other' WHERE name = 'demo'")

    assert again is first
    assert identity.resolve(text).project_name == "other"


def test_a_token_that_is_known_is_revoked_at_once(identity, password):
    text, _ = identity.by_password(DEMO, password, None)
    ctx = identity.resolve(text)
    identity.revoke(ctx, text)

    with pytest.raises(errors.Unauthorized, match="revoked"):
        identity.resolve(text)


def test_a_token_that_is_known_ends_in_time(identity, password, monkeypatch):
    text, _ = identity.by_password(DEMO, password, None)
    identity.resolve(text)
    _later(monkeypatch, 3601)

    with pytest.raises(errors.Unauthorized, match="expired"):
        identity.resolve(text)


def test_a_token_that_is_known_ends_with_its_key(identity, settings, password):
    text, _ = identity.by_password(DEMO, password, None)
    identity.resolve(text)
    keys.rotate(settings.etc_dir, keep=1)

    with pytest.raises(errors.Unauthorized, match="not one of ours"):
        identity.resolve(text)
