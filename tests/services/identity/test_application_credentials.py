"""Application credentials: what they stand for, what they may not, and what ends them."""

from dataclasses import replace

import pytest

from appliance import clock, config, context, errors
from appliance.db import application_credentials as rows
from appliance.db import connection, roles, users
from appliance.model.access_rule import AccessRule
from services.identity import keys, proofs
from services.identity.api import Credential, Identity
from services.identity.api import application_credentials as verbs
from services.identity.api.application_credentials import NewCredential
from tests.services.identity import people

READ_SERVERS = AccessRule(id="", service="compute", method="GET", path="/v2.1/servers")


@pytest.fixture
def identity(settings: config.Settings, db: connection.Database) -> Identity:
    keys.ensure(settings.etc_dir)
    return Identity(settings, db)


@pytest.fixture
def ann(db: connection.Database) -> context.RequestContext:
    return people.add_user(db, "ann", "member", "reader")


def _made(db, ctx, **said):
    return verbs.create(db, ctx, ctx.user_id, NewCredential(**{"name": "robot", **said}))


def _log_in(identity, credential, secret):
    text, _ = identity.login([Credential(id=credential.id, secret=secret.reveal())], None)
    return identity.resolve(text)


def test_who_knows_the_secret_is_the_user_in_its_project(identity, db, ann):
    credential, secret = _made(db, ann)

    ctx = _log_in(identity, credential, secret)

    assert (ctx.user_id, ctx.project_id, ctx.roles) == (ann.user_id, ann.project_id, ann.roles)
    assert ctx.application_credential_id == credential.id
    assert ctx.is_restricted


def test_no_token_outlives_it(identity, db, ann):
    ends = clock.stamp(clock.now() + 60)
    credential, secret = _made(db, ann, expires_at=ends)

    proof = Credential(id=credential.id, secret=secret.reveal())
    assert identity.login([proof], None)[1].expires_at == ends


def test_it_has_the_roles_that_were_asked_for_and_no_other(identity, db, ann):
    by_name = _made(db, ann, roles=((None, "reader"),))
    reader = roles.find_by_name(db, "reader")
    by_id = _made(db, ann, name="other", roles=((reader.id, None),))

    assert [_log_in(identity, *one).roles for one in (by_name, by_id)] == [{"reader"}, {"reader"}]


def test_it_has_no_role_that_the_token_has_not(identity, db, ann):
    people.grant(db, "admin", user_id=ann.user_id, project_id=ann.project_id)

    for asked in ((None, "admin"), (None, "no such"), ("no such", None), (None, None)):
        with pytest.raises(errors.BadRequest):
            _made(db, ann, roles=(asked,))
    made = _made(db, ann)
    assert _log_in(identity, *made).roles == {"member", "reader"}


def test_who_has_no_role_any_more_makes_none(db, ann):
    with pytest.raises(errors.Forbidden):
        _made(db, replace(ann, roles=frozenset()))


def test_the_secret_is_seen_once_and_kept_as_a_hash(db, ann):
    credential, secret = _made(db, ann)

    shown = verbs.show(db, ann, ann.user_id, credential.id)

    assert secret.reveal() not in f"{credential!r} {secret!r} {shown!r} {NewCredential(name='x')!r}"
    assert secret.reveal() not in shown.secret_hash
    assert "mine" not in repr(NewCredential(name="x", secret="mine"))
    assert secret.reveal().encode() not in db.path.read_bytes()


def test_a_users_own_secret_is_taken_if_it_is_not_too_long(identity, db, ann):
    assert _log_in(identity, *_made(db, ann, secret="mine")).user_id == ann.user_id
    with pytest.raises(errors.BadRequest, match="1024"):
        _made(db, ann, name="long", secret="x" * 1025)


def test_a_name_is_a_users_once(db, ann):
    _made(db, ann)
    before = rows.of_user(db, ann.user_id)

    with pytest.raises(errors.Conflict, match="robot"):
        _made(db, ann, access_rules=(READ_SERVERS,))

    assert rows.of_user(db, ann.user_id) == before
    assert verbs.rules(db, ann, ann.user_id) == []
    assert _made(db, people.add_user(db, "bob", "member"))


def test_one_that_would_have_ended_is_refused(db, ann):
    with pytest.raises(errors.BadRequest, match="expired"):
        _made(db, ann, expires_at=clock.stamp(clock.now() - 1))


@pytest.mark.parametrize(
    "make", [lambda ctx: replace(ctx, project_id=""), lambda ctx: replace(ctx, trust_id="one")]
)
def test_only_a_token_for_a_project_got_as_oneself_makes_one(db, ann, make):
    with pytest.raises((errors.BadRequest, errors.Forbidden)):
        _made(db, make(ann))
    assert rows.of_user(db, ann.user_id) == []


def test_an_admin_sees_and_ends_others_but_makes_none(db, ann):
    admin, bob = people.add_user(db, "root", "admin"), people.add_user(db, "bob", "member")
    credential, _ = _made(db, ann)
    key = (ann.user_id, credential.id)

    for act in (
        lambda: verbs.create(db, admin, ann.user_id, NewCredential(name="x")),
        lambda: verbs.create(db, bob, ann.user_id, NewCredential(name="x")),
        lambda: verbs.show(db, bob, *key),
        lambda: verbs.index(db, bob, ann.user_id),
        lambda: verbs.delete(db, bob, *key),
        lambda: verbs.rules(db, bob, ann.user_id),
    ):
        with pytest.raises(errors.Forbidden):
            act()
    with pytest.raises(errors.NotFound):
        verbs.show(db, bob, bob.user_id, credential.id)
    assert verbs.index(db, admin, ann.user_id) == [credential]
    verbs.delete(db, admin, *key)
    with pytest.raises(errors.NotFound):
        verbs.show(db, ann, *key)


def test_a_restricted_one_makes_and_ends_none(identity, db, ann):
    credential, secret = _made(db, ann)
    ctx = _log_in(identity, credential, secret)

    with pytest.raises(errors.Forbidden, match="restricted"):
        _made(db, ctx, name="more")
    with pytest.raises(errors.Forbidden, match="restricted"):
        verbs.delete(db, ctx, ann.user_id, credential.id)


def test_an_unrestricted_one_makes_others_that_are_no_more_than_itself(identity, db, ann):
    made = _made(db, ann, is_unrestricted=True, roles=((None, "reader"),))
    ctx = _log_in(identity, *made)

    with pytest.raises(errors.BadRequest):
        _made(db, ctx, name="more", roles=((None, "member"),))
    assert _log_in(identity, *_made(db, ctx, name="same")).roles == {"reader"}


def test_one_with_access_rules_makes_none_without(identity, db, ann):
    made = _made(db, ann, is_unrestricted=True, access_rules=(READ_SERVERS,))

    with pytest.raises(errors.Forbidden):
        _made(db, _log_in(identity, *made), name="more")


ENDS = {
    "deleted": "DELETE FROM application_credentials",
    "expired": "UPDATE application_credentials SET expires_at = '2001-01-01T00:00:00.000000Z'",
    "user deleted": "DELETE FROM users WHERE id = :user_id",
    "user disabled": "UPDATE users SET is_enabled = 0 WHERE id = :user_id",
    "project deleted": "DELETE FROM projects WHERE id = :project_id",
    "project disabled": "UPDATE projects SET is_enabled = 0 WHERE id = :project_id",
    "domain disabled": "UPDATE projects SET is_enabled = 0 WHERE id = 'default'",
    "a role of it taken away": """DELETE FROM role_assignments WHERE user_id = :user_id
        AND role_id = (SELECT id FROM roles WHERE name = 'member')""",
}


@pytest.mark.parametrize("change", ENDS)
def test_it_and_its_tokens_end_with_what_it_stands_on(identity, db, ann, change):
    credential, secret = _made(db, ann)
    proof = Credential(id=credential.id, secret=secret.reveal())
    text, _ = identity.login([proof], None)

    with db.transaction() as tx:
        tx.execute(ENDS[change], {"user_id": ann.user_id, "project_id": ann.project_id})

    with pytest.raises(errors.Unauthorized):
        identity.resolve(text)
    with pytest.raises(errors.Unauthorized, match=f"^{proofs.REFUSED}$"):
        identity.login([proof], None)


def test_it_outlives_a_role_that_it_has_not(identity, db, ann):
    made = _made(db, ann, roles=((None, "reader"),))

    people.take_roles(db, ann.user_id, "member")

    assert _log_in(identity, *made).roles == {"reader"}


def test_a_rule_is_made_once_and_used_again(identity, db, ann):
    first, secret = _made(db, ann, access_rules=(READ_SERVERS, READ_SERVERS))
    second, _ = _made(db, ann, name="second", access_rules=(READ_SERVERS,))
    (rule,) = first.access_rules
    by_id = replace(READ_SERVERS, id=rule.id, service="", method="", path="")
    third, _ = _made(db, ann, name="third", access_rules=(by_id,))

    assert [one.access_rules for one in (first, second, third)] == [(rule,)] * 3
    assert verbs.rules(db, ann, ann.user_id) == [rule]
    assert verbs.rule(db, ann, ann.user_id, rule.id) == rule
    assert _log_in(identity, first, secret).access_rules == (rule,)
    assert verbs.show(db, ann, ann.user_id, third.id) == third


def test_another_users_rule_cannot_be_named(db, ann):
    credential, _ = _made(db, ann, access_rules=(READ_SERVERS,))
    bob = people.add_user(db, "bob", "member")
    rule_id = credential.access_rules[0].id
    named = AccessRule(id=rule_id, service="", method="", path="")

    with pytest.raises(errors.NotFound):
        _made(db, bob, access_rules=(named,))
    with pytest.raises(errors.NotFound):
        verbs.delete_rule(db, bob, bob.user_id, rule_id)
    assert rows.of_user(db, bob.user_id) == []


def test_a_rule_in_use_stays(db, ann):
    credential, _ = _made(db, ann, access_rules=(READ_SERVERS,))
    rule_id = credential.access_rules[0].id

    with pytest.raises(errors.Forbidden, match="used"):
        verbs.delete_rule(db, ann, ann.user_id, rule_id)
    verbs.delete(db, ann, ann.user_id, credential.id)
    assert [rule.id for rule in verbs.rules(db, ann, ann.user_id)] == [rule_id]
    verbs.delete_rule(db, ann, ann.user_id, rule_id)

    with pytest.raises(errors.NotFound):
        verbs.rule(db, ann, ann.user_id, rule_id)


def test_a_user_goes_with_its_credentials_and_rules(db, ann):
    _made(db, ann, access_rules=(READ_SERVERS,))

    with db.transaction() as tx:
        users.delete(tx, ann.user_id)

    assert rows.of_user(db, ann.user_id) == rows.rules_of_user(db, ann.user_id) == []


def test_a_token_that_is_known_ends_with_its_credential(identity, db, ann, monkeypatch):
    now_s = clock.now()
    credential, secret = _made(db, ann, expires_at=clock.stamp(now_s + 60))
    proof = proofs.Credential(id=credential.id, secret=secret.reveal())
    text, _ = identity.login([proof], None)
    assert identity.resolve(text).application_credential_id == credential.id
    monkeypatch.setattr(clock, "now", lambda: now_s + 61)

    with pytest.raises(errors.Unauthorized, match="expired"):
        identity.resolve(text)
