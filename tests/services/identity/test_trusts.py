"""Trusts: what is handed over, what is not, and what ends it."""

from dataclasses import replace

import pytest

from appliance import clock, config, context, errors
from appliance.db import connection, users
from appliance.db import trusts as rows
from services.identity import keys, passwords, proofs
from services.identity.api import Identity, Password, Scope, Who, trusts
from services.identity.api.trusts import NewTrust
from tests.services.identity import people

HASHED = passwords.hashed("secret")


@pytest.fixture
def identity(settings: config.Settings, db: connection.Database) -> Identity:
    keys.ensure(settings.etc_dir)
    return Identity(settings, db)


@pytest.fixture
def ann(db: connection.Database) -> context.RequestContext:
    return people.add_user(db, "ann", "member", "reader")


@pytest.fixture
def bob(db: connection.Database) -> context.RequestContext:
    return _with_password(db, "bob")


def _with_password(db, name):
    ctx = people.add_user(db, name, "reader")
    with db.transaction() as tx:
        users.set_password(tx, ctx.user_id, HASHED)
    return ctx


def _new(ctx, trustee, **said):
    return NewTrust(
        **{
            "trustor_id": ctx.user_id, "trustee_id": trustee.user_id, "project_id": ctx.project_id,
            "roles": ((None, "member"),), "is_impersonating": True, **said,
        }
    )  # fmt: skip


def _log_in(identity, ctx, trust):
    proof = Password(who=Who(id=ctx.user_id), password="secret")
    text, _ = identity.login([proof], Scope(trust_id=trust.id))
    return text


def test_the_trustee_acts_for_the_trustor_with_the_roles_handed_over(identity, db, ann, bob):
    trust = trusts.create(db, ann, _new(ann, bob))

    ctx = identity.resolve(_log_in(identity, bob, trust))

    assert (ctx.user_id, ctx.project_id, ctx.roles) == (ann.user_id, ann.project_id, {"member"})
    assert ctx.trust_id == trust.id


def test_without_impersonation_the_trustee_stays_itself(identity, db, ann, bob):
    trust = trusts.create(db, ann, _new(ann, bob, is_impersonating=False))

    ctx = identity.resolve(_log_in(identity, bob, trust))

    assert (ctx.user_id, ctx.project_id, ctx.roles) == (bob.user_id, ann.project_id, {"member"})


def test_only_the_trustee_has_it(identity, db, ann, bob):
    trust, eve = trusts.create(db, ann, _new(ann, bob)), _with_password(db, "eve")

    with pytest.raises(errors.Unauthorized, match=f"^{proofs.REFUSED}$"):
        _log_in(identity, eve, trust)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"trustor_id": "somebody"}, errors.Forbidden),
        ({"trustee_id": "nobody"}, errors.NotFound),
        ({"project_id": "none"}, errors.NotFound),
        ({"project_id": None}, errors.BadRequest),
        ({"roles": ()}, errors.Forbidden),
        ({"roles": ((None, "no such"),)}, errors.NotFound),
        ({"roles": (("no such", None),)}, errors.NotFound),
        ({"roles": ((None, "admin"),)}, errors.Forbidden),
        ({"expires_at": "2001-01-01T00:00:00.000000Z"}, errors.BadRequest),
        ({"remaining_uses": 1, "is_redelegable": True}, errors.BadRequest),
        ({"is_redelegable": True, "redelegation_count": 4}, errors.Forbidden),
    ],
)
def test_what_cannot_be_handed_over_leaves_nothing(db, ann, bob, said, error):
    people.add_user(db, "root", "admin")

    with pytest.raises(error):
        trusts.create(db, ann, _new(ann, bob, **said))

    assert rows.listed(db) == []


def test_who_is_not_the_trustor_makes_none_not_even_an_admin(db, ann, bob):
    for ctx in (bob, people.add_user(db, "root", "admin")):
        with pytest.raises(errors.Forbidden):
            trusts.create(db, ctx, _new(ann, bob))


def test_a_restricted_application_credential_trusts_nobody(db, ann, bob):
    part = {"application_credential_id": "one"}

    with pytest.raises(errors.Forbidden, match="restricted"):
        trusts.create(db, replace(ann, **part, is_restricted=True), _new(ann, bob))


def test_an_unrestricted_one_hands_over_what_it_has_itself(db, ann, bob):
    ctx = replace(ann, application_credential_id="one", roles=frozenset({"reader"}))
    people.grant(db, "reader", user_id=ann.user_id, project_id=bob.project_id)

    for said in ({}, {"roles": ((None, "reader"),), "project_id": bob.project_id}):
        with pytest.raises(errors.Forbidden):
            trusts.create(db, ctx, _new(ann, bob, **said))
    assert trusts.create(db, ctx, _new(ann, bob, roles=((None, "reader"),)))


def test_each_login_uses_it_once_until_none_is_left(identity, db, ann, bob):
    trust = trusts.create(db, ann, _new(ann, bob, remaining_uses=2))

    texts = [_log_in(identity, bob, trust) for _ in range(2)]

    assert trusts.show(db, ann, trust.id).remaining_uses == 0
    with pytest.raises((errors.Forbidden, errors.Unauthorized)):
        _log_in(identity, bob, trust)
    assert [identity.resolve(text).user_id for text in texts] == [ann.user_id] * 2


ENDS = {
    "deleted": "UPDATE trusts SET deleted_at = '2001-01-01T00:00:00.000000Z'",
    "expired": "UPDATE trusts SET expires_at = '2001-01-01T00:00:00.000000Z'",
    "trustor deleted": "DELETE FROM users WHERE id = :trustor_id",
    "trustor disabled": "UPDATE users SET is_enabled = 0 WHERE id = :trustor_id",
    "trustee deleted": "DELETE FROM users WHERE id = :trustee_id",
    "trustee disabled": "UPDATE users SET is_enabled = 0 WHERE id = :trustee_id",
    "project deleted": "DELETE FROM projects WHERE id = :project_id",
    "project disabled": "UPDATE projects SET is_enabled = 0 WHERE id = :project_id",
}


@pytest.mark.parametrize("change", ENDS)
def test_it_and_its_tokens_end_with_what_it_stands_on(identity, db, ann, bob, change):
    trust = trusts.create(db, ann, _new(ann, bob))
    text = _log_in(identity, bob, trust)

    with db.transaction() as tx:
        tx.execute(
            ENDS[change],
            {"trustor_id": ann.user_id, "trustee_id": bob.user_id, "project_id": ann.project_id},
        )

    with pytest.raises(errors.Unauthorized):
        identity.resolve(text)
    with pytest.raises(errors.Unauthorized, match=f"^{proofs.REFUSED}$"):
        _log_in(identity, bob, trust)


def test_a_role_that_the_trustor_lost_is_handed_over_no_more(identity, db, ann, bob):
    trust = trusts.create(db, ann, _new(ann, bob, roles=((None, "member"), (None, "reader"))))
    text = _log_in(identity, bob, trust)

    people.take_roles(db, ann.user_id, "member")

    assert identity.resolve(text).roles == {"reader"}
    people.take_roles(db, ann.user_id, "reader")
    with pytest.raises(errors.Unauthorized):
        _log_in(identity, bob, trust)


def test_trustor_and_trustee_see_it_and_the_trustor_ends_it(db, ann, bob):
    eve, admin = people.add_user(db, "eve", "member"), people.add_user(db, "root", "admin")
    trust = trusts.create(db, ann, _new(ann, bob))

    assert [trusts.show(db, ctx, trust.id) for ctx in (ann, bob, admin)] == [trust] * 3
    assert trusts.index(db, ann, trustor_id=ann.user_id) == [trust]
    assert trusts.index(db, bob, trustee_id=bob.user_id) == [trust]
    assert trusts.index(db, admin) == [trust]
    assert trusts.index(db, bob, trustor_id=bob.user_id) == []
    for act in (
        lambda: trusts.show(db, eve, trust.id),
        lambda: trusts.index(db, eve, trustor_id=ann.user_id),
        lambda: trusts.index(db, ann),
        lambda: trusts.delete(db, bob, trust.id),
        lambda: trusts.delete(db, eve, trust.id),
    ):
        with pytest.raises(errors.Forbidden):
            act()
    trusts.delete(db, ann, trust.id)
    for act in (trusts.show, trusts.delete):
        with pytest.raises(errors.NotFound):
            act(db, ann, trust.id)
    assert trusts.index(db, admin) == []


def test_no_token_outlives_it(identity, db, ann, bob):
    ends = _in(60)
    trust = trusts.create(db, ann, _new(ann, bob, expires_at=ends))

    proof = Password(who=Who(id=bob.user_id), password="secret")
    assert identity.login([proof], Scope(trust_id=trust.id))[1].expires_at == ends


@pytest.mark.parametrize("is_impersonating", [True, False])
def test_who_handed_it_on_is_a_user_still(identity, db, ann, bob, is_impersonating):
    eve, kind = _with_password(db, "eve"), {"is_impersonating": is_impersonating}
    trust = trusts.create(db, ann, _new(ann, bob, **kind, is_redelegable=True))
    ctx = identity.resolve(_log_in(identity, bob, trust))
    text = _log_in(identity, eve, trusts.create(db, ctx, _new(ctx, eve, **kind)))

    with db.transaction() as tx:
        users.update(tx, replace(users.get(tx, bob.user_id), is_enabled=0))

    with pytest.raises(errors.Unauthorized):
        identity.resolve(text)


@pytest.mark.parametrize("is_impersonating", [True, False])
def test_it_is_handed_on_as_often_as_it_says(identity, db, ann, bob, is_impersonating):
    eve, kind = _with_password(db, "eve"), {"is_impersonating": is_impersonating}
    many = {"is_redelegable": True, "redelegation_count": 1, "expires_at": _in(60)}
    trust = trusts.create(db, ann, _new(ann, bob, **kind, **many))
    ctx = identity.resolve(_log_in(identity, bob, trust))

    second = trusts.create(db, ctx, _new(ctx, eve, **kind))

    assert (second.redelegated_trust_id, second.redelegation_count) == (trust.id, 0)
    assert second.expires_at == trust.expires_at
    last = identity.resolve(_log_in(identity, eve, second))
    assert (last.project_id, last.roles) == (ann.project_id, {"member"})
    assert last.user_id == (ann.user_id if is_impersonating else eve.user_id)
    with pytest.raises(errors.Forbidden, match="handed on"):
        trusts.create(db, last, _new(last, bob, **kind))
    trusts.delete(db, ann, trust.id)
    with pytest.raises(errors.Unauthorized):
        _log_in(identity, eve, second)


@pytest.mark.parametrize(
    "said",
    [
        {"roles": ((None, "reader"),)},
        {"project_id": "another"},
        {"remaining_uses": 1},
        {"expires_at": "2999-01-01T00:00:00.000000Z"},
        {"is_redelegable": True, "redelegation_count": 3},
        {"is_impersonating": True},
    ],
)
def test_what_is_handed_on_is_never_more(identity, db, ann, bob, said):
    eve = _with_password(db, "eve")
    kind = {"is_impersonating": False}
    many = {"is_redelegable": True, "redelegation_count": 3, "expires_at": _in(60)}
    trust = trusts.create(db, ann, _new(ann, bob, **kind, **many))
    ctx = identity.resolve(_log_in(identity, bob, trust))

    with pytest.raises(errors.Forbidden):
        trusts.create(db, ctx, _new(ctx, eve, **{**kind, **said}))

    assert rows.listed(db) == [trust]


def _in(seconds):
    return clock.stamp(clock.now() + seconds)
