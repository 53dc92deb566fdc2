"""Credentials kept for users: sealed, their own; those of type ec2 are the keys they sign with."""

import hashlib
import json
from dataclasses import replace

import pytest

from appliance import config, context, errors
from appliance.db import connection
from appliance.db import credentials as rows
from services.identity import keys
from services.identity.api.credentials import Credentials
from services.identity.api.ec2_credentials import Ec2Credentials
from tests.services.identity import people


@pytest.fixture
def verbs(settings: config.Settings, db: connection.Database) -> Credentials:
    keys.ensure(settings.etc_dir)
    return Credentials(settings, db)


@pytest.fixture
def ec2(settings: config.Settings, db: connection.Database) -> Ec2Credentials:
    keys.ensure(settings.etc_dir)
    return Ec2Credentials(settings, db)


@pytest.fixture
def ann(db: connection.Database) -> context.RequestContext:
    return people.add_user(db, "ann", "member")


def _blob(access="A1", secret="hush"):
    return json.dumps({"access": access, "secret": secret})


def _key(ctx, **said):
    return {"type": "ec2", "blob": _blob(), "project_id": ctx.project_id, **said}


def test_a_blob_is_kept_sealed_and_never_shows_itself(verbs, db, ann):
    made = verbs.create(ann, {"type": "totp", "blob": "the seed", "extra": {"note": "mine"}})

    (row,) = rows.listed(db, {"user_id": ann.user_id})

    assert verbs.show(ann, made.credential.id).blob.reveal() == "the seed"
    assert made.credential.extra == {"note": "mine"}
    assert "the seed" not in f"{made} {made!r} {row!r} {row.blob_sealed}"
    assert b"the seed" not in db.path.read_bytes()


def test_a_blob_is_changed_and_forgotten(verbs, ann):
    key = verbs.create(ann, {"type": "cert", "blob": "one", "extra": {"a": 1}}).credential.id

    changed = verbs.update(ann, key, {"blob": "two", "extra": {"b": 2}})

    assert (changed.blob.reveal(), changed.credential.extra) == ("two", {"a": 1, "b": 2})
    verbs.delete(ann, key)
    for act in (verbs.show, verbs.delete):
        with pytest.raises(errors.NotFound):
            act(ann, key)


@pytest.mark.parametrize("type_", ["cert", "ec2"])
@pytest.mark.parametrize("name", ["type", "user_id", "project_id"])
def test_a_credential_stays_whose_and_what_it_is(verbs, ann, type_, name):
    made = verbs.create(ann, _key(ann, type=type_))

    with pytest.raises(errors.BadRequest, match=name):
        verbs.update(ann, made.credential.id, {name: "another", "blob": _blob("B2")})

    assert verbs.show(ann, made.credential.id).blob.reveal() == made.blob.reveal()
    assert verbs.update(ann, made.credential.id, {name: getattr(made.credential, name)}) == (
        verbs.show(ann, made.credential.id)
    )


def test_an_ec2_credential_is_a_key_to_sign_with(verbs, ec2, ann):
    made = verbs.create(ann, _key(ann))

    signer = ec2.find_signer("A1")

    assert made.credential.id == hashlib.sha256(b"A1").hexdigest()
    assert (signer.ctx.user_id, signer.secret.reveal()) == (ann.user_id, "hush")
    assert [key.access for key in ec2.of_user(ann, ann.user_id)] == ["A1"]
    verbs.delete(ann, made.credential.id)
    assert ec2.find_signer("A1") is None


def test_a_key_is_listed_among_the_credentials(verbs, ec2, ann):
    made = ec2.create(ann, ann.user_id, ann.project_id)
    other = verbs.create(ann, {"type": "cert", "blob": "x"}).credential.id
    key = hashlib.sha256(made.access.encode()).hexdigest()

    assert [one.credential.id for one in verbs.index(ann, {})] == [other, key]
    assert [one.credential.id for one in verbs.index(ann, {"type": "ec2"})] == [key]
    assert [one.credential.id for one in verbs.index(ann, {"type": "cert"})] == [other]
    shown = json.loads(verbs.show(ann, key).blob.reveal())
    assert shown == {"access": made.access, "secret": made.secret.reveal()}


def test_a_key_with_another_access_key_keeps_its_id(verbs, ec2, ann):
    key = verbs.create(ann, _key(ann)).credential.id

    changed = verbs.update(ann, key, {"blob": _blob("B2", "shush")})

    assert (changed.credential.id, changed.blob.reveal()) == (key, _blob("B2", "shush"))
    assert ec2.find_signer("A1") is None
    assert ec2.find_signer("B2").secret.reveal() == "shush"


def test_an_access_key_is_one_users(verbs, ec2, ann, db):
    bob = people.add_user(db, "bob", "member")
    verbs.create(ann, _key(ann))
    other = verbs.create(bob, _key(bob, blob=_blob("B2"))).credential.id

    with pytest.raises(errors.Conflict):
        verbs.create(bob, _key(bob))
    with pytest.raises(errors.Conflict):
        verbs.update(bob, other, {"blob": _blob("A1")})

    assert ec2.find_signer("A1").ctx.user_id == ann.user_id


@pytest.mark.parametrize(
    "said",
    [
        {"blob": "no JSON"},
        {"blob": "[" * 100_000},
        {"blob": "[]"},
        {"blob": "{}"},
        {"blob": '{"access": "A"}'},
        {"blob": '{"access": "A", "secret": 1}'},
        {"blob": '{"access": "", "secret": "s"}'},
        {"blob": '{"access": "\\ud800", "secret": "s"}'},
        {"blob": _blob("A" * 256)},
        {"project_id": None},
    ],
)
def test_what_is_no_key_is_refused_without_showing_it(verbs, ann, said):
    with pytest.raises(errors.BadRequest) as caught:
        verbs.create(ann, _key(ann, **said))

    assert caught.value.__cause__ is None
    assert verbs.index(ann, {}) == []


def test_users_and_projects_that_are_not_there_are_not_found(verbs, ann, db):
    admin = people.add_user(db, "root", "admin")

    with pytest.raises(errors.NotFound):
        verbs.create(admin, {"type": "cert", "blob": "x", "user_id": "nobody"})
    with pytest.raises(errors.NotFound):
        verbs.create(ann, _key(ann, project_id="none"))


@pytest.mark.parametrize("type_", ["cert", "ec2"])
def test_credentials_are_their_users_and_an_admins(verbs, ann, db, type_):
    bob, admin = people.add_user(db, "bob", "member"), people.add_user(db, "root", "admin")
    made = verbs.create(ann, _key(ann, type=type_))
    key = made.credential.id

    for act in (
        lambda: verbs.show(bob, key),
        lambda: verbs.update(bob, key, {"blob": _blob("B2")}),
        lambda: verbs.delete(bob, key),
        lambda: verbs.index(bob, {"user_id": ann.user_id}),
        lambda: verbs.create(bob, _key(bob, user_id=ann.user_id)),
    ):
        with pytest.raises(errors.Forbidden):
            act()
    assert verbs.index(bob, {}) == []
    assert verbs.index(admin, {}) == verbs.index(admin, {"user_id": ann.user_id}) == [made]
    assert verbs.create(admin, {"type": "x", "blob": "y", "user_id": ann.user_id})


@pytest.mark.parametrize("part", [{"trust_id": "a trust"}, {"application_credential_id": "one"}])
def test_who_stands_for_a_part_of_a_user_neither_makes_nor_sees_them(verbs, ann, part):
    made, ctx = verbs.create(ann, {"type": "cert", "blob": "x"}), replace(ann, **part)

    for act in (
        lambda: verbs.index(ctx, {}),
        lambda: verbs.show(ctx, made.credential.id),
        lambda: verbs.create(ctx, _key(ann)),
        lambda: verbs.update(ctx, made.credential.id, {"blob": "y"}),
        lambda: verbs.delete(ctx, made.credential.id),
    ):
        with pytest.raises(errors.Forbidden):
            act()
    assert verbs.index(ann, {}) == [made]
