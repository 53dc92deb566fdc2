"""Keys to sign with: made, shown to whom they belong, sealed at rest, given at the first start."""

from dataclasses import replace

import pytest

from appliance import config, context, credentials, errors
from appliance.db import connection, ec2_credentials, users
from services.identity import bootstrap, keys, standing
from services.identity.api.ec2_credentials import Ec2Credentials
from tests.services.identity import people


@pytest.fixture
def verbs(settings: config.Settings, db: connection.Database) -> Ec2Credentials:
    keys.ensure(settings.etc_dir)
    return Ec2Credentials(settings, db)


@pytest.fixture
def ann(db: connection.Database) -> context.RequestContext:
    return people.add_user(db, "ann", "member")


def test_who_signs_is_the_user_in_the_keys_project(verbs, ann):
    made = verbs.create(ann, ann.user_id, ann.project_id)

    signer = verbs.find_signer(made.access)

    assert (signer.ctx.user_id, signer.ctx.project_id) == (ann.user_id, ann.project_id)
    assert signer.ctx.roles == {"member"}
    assert signer.secret.reveal() == made.secret.reveal()
    assert verbs.find_signer("0" * 32) is None


def test_a_secret_is_sealed_at_rest_and_never_shows_itself(verbs, ann, db, settings):
    made = verbs.create(ann, ann.user_id, ann.project_id)

    (row,) = ec2_credentials.of_user(db, ann.user_id)

    assert made.secret.reveal() not in row.secret_sealed
    assert made.secret.reveal() not in f"{made} {made!r} {verbs.find_signer(made.access)!r} {row}"
    assert made.secret.reveal().encode() not in db.path.read_bytes()
    with pytest.raises(errors.Unauthorized):
        keys.of_secrets(settings.etc_dir).open(row.secret_sealed)


def test_a_secret_sealed_with_another_key_is_unavailable(verbs, ann, settings, db):
    verbs.create(ann, ann.user_id, ann.project_id)
    keys.secrets_path(settings.etc_dir).unlink()
    keys.ensure(settings.etc_dir)

    with pytest.raises(errors.Unavailable, match="credential-keys"):
        Ec2Credentials(settings, db).of_user(ann, ann.user_id)


def test_who_signs_is_read_again_only_when_something_was_written(verbs, ann, db, monkeypatch):
    made = verbs.create(ann, ann.user_id, ann.project_id)
    reads = []
    read = standing.read
    monkeypatch.setattr(standing, "read", lambda *asked: reads.append(1) or read(*asked))

    assert verbs.find_signer(made.access) is verbs.find_signer(made.access)
    assert len(reads) == 1
    verbs.delete(ann, ann.user_id, made.access)
    assert verbs.find_signer(made.access) is None


CHANGES = {
    "disabled": "UPDATE users SET is_enabled = 0 WHERE id = :user_id",
    "deleted": "DELETE FROM users WHERE id = :user_id",
    "no role": "DELETE FROM role_assignments WHERE user_id = :user_id",
    "project disabled": "UPDATE projects SET is_enabled = 0 WHERE id = :project_id",
    "project deleted": "DELETE FROM projects WHERE id = :project_id",
    "domain disabled": "UPDATE projects SET is_enabled = 0 WHERE id = 'default'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_key_ends_with_what_it_stands_on(verbs, ann, db, change):
    made = verbs.create(ann, ann.user_id, ann.project_id)
    assert verbs.find_signer(made.access) is not None

    with db.transaction() as tx:
        tx.execute(CHANGES[change], {"user_id": ann.user_id, "project_id": ann.project_id})

    assert verbs.find_signer(made.access) is None


@pytest.mark.parametrize("part", [{"trust_id": "a trust"}, {"application_credential_id": "one"}])
def test_who_stands_for_a_part_of_a_user_neither_makes_nor_sees_its_keys(verbs, ann, part):
    made = verbs.create(ann, ann.user_id, ann.project_id)
    ctx = replace(ann, **part)

    for act in (
        lambda: verbs.create(ctx, ann.user_id, ann.project_id),
        lambda: verbs.get(ctx, ann.user_id, made.access),
        lambda: verbs.of_user(ctx, ann.user_id),
        lambda: verbs.delete(ctx, ann.user_id, made.access),
    ):
        with pytest.raises(errors.Forbidden):
            act()
    assert [key.access for key in verbs.of_user(ann, ann.user_id)] == [made.access]


def test_keys_are_their_users_and_an_admins_to_handle(verbs, ann, db):
    bob, admin = people.add_user(db, "bob", "member"), people.add_user(db, "root", "admin")
    made = verbs.create(ann, ann.user_id, ann.project_id)

    for act in (
        lambda: verbs.get(bob, ann.user_id, made.access),
        lambda: verbs.of_user(bob, ann.user_id),
        lambda: verbs.delete(bob, ann.user_id, made.access),
        lambda: verbs.create(bob, ann.user_id, ann.project_id),
    ):
        with pytest.raises(errors.Forbidden):
            act()
    with pytest.raises(errors.NotFound):
        verbs.get(bob, bob.user_id, made.access)
    with pytest.raises(errors.NotFound):
        verbs.create(bob, bob.user_id, ann.project_id)
    assert verbs.get(admin, ann.user_id, made.access) == made
    verbs.delete(ann, ann.user_id, made.access)
    assert verbs.of_user(ann, ann.user_id) == []


def test_people_get_a_key_at_the_first_start_and_it_stays(settings, db):
    bootstrap.bootstrap(settings, db)
    first = {name: credentials.read(settings, name) for name in ("admin", "demo")}
    bootstrap.bootstrap(settings, db)

    verbs = Ec2Credentials(settings, db)
    for name, login in first.items():
        assert credentials.read(settings, name) == login
        signer = verbs.find_signer(login.ec2_access)
        assert (signer.ctx.user_name, signer.secret.reveal()) == (name, login.ec2_secret)
    assert credentials.read(settings, "nova").ec2_access == ""


def test_a_first_key_that_was_deleted_does_not_come_back(settings, db):
    bootstrap.bootstrap(settings, db)
    with db.transaction() as tx:
        ec2_credentials.delete(tx, credentials.read(settings, "demo").ec2_access)

    bootstrap.bootstrap(settings, db)

    access = credentials.read(settings, "demo").ec2_access
    assert Ec2Credentials(settings, db).find_signer(access) is None


def test_a_cloud_of_before_keys_gets_them(settings, db):
    bootstrap.bootstrap(settings, db)
    credentials.keep_ec2_key(settings, "demo", access="", secret="")

    bootstrap.bootstrap(settings, db)

    login = credentials.read(settings, "demo")
    user = users.find_by_name(db, "demo")
    assert user is not None
    assert [key.access for key in ec2_credentials.of_user(db, user.id)] == [login.ec2_access]
