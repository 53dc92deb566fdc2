"""Key pairs: one name once a user, in pages, gone when deleted."""

import pytest

from appliance import clock, errors, ids
from appliance.db import key_pairs
from appliance.model.key_pair import KeyPair


def _put(db, user: str, name: str) -> KeyPair:
    key_pair = KeyPair(
        user_id=ids.UserId(user), name=name, kind="ssh", public_key="ssh-ed25519 AAAA",
        fingerprint="00", created_at=clock.stamp(),
    )  # fmt: skip
    with db.transaction() as tx:
        key_pairs.create(tx, key_pair)
    return key_pair


def test_a_name_is_taken_once_a_user(db):
    mine = _put(db, "u1", "test")
    _put(db, "u2", "test")

    with pytest.raises(errors.Conflict, match="Key pair 'test' already exists"):
        _put(db, "u1", "test")
    assert key_pairs.get(db, "u1", "test") == mine
    assert key_pairs.count(db, "u1") == 1


def test_pages_follow_a_name(db):
    for name in ("c", "a", "b"):
        _put(db, "u1", name)

    page = key_pairs.of_user(db, "u1", marker="a", limit=1)

    assert [one.name for one in page] == ["b"]


def test_a_deleted_pair_is_not_found(db):
    _put(db, "u1", "test")
    with db.transaction() as tx:
        key_pairs.delete(tx, "u1", "test")

    with db.transaction() as tx, pytest.raises(errors.NotFound):
        key_pairs.delete(tx, "u1", "test")
    with pytest.raises(errors.NotFound):
        key_pairs.get(db, "u1", "test")
