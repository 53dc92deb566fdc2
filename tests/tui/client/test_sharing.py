"""Sharing: equal values are one object, and nothing else changes."""

from __future__ import annotations

import msgspec

from tests.pty import crowd
from tui.client import nouns, sharing


def test_what_repeats_is_one_object_and_equal_to_what_it_was() -> None:
    raw = [msgspec.json.encode(fields) for fields in crowd.instances(1_000)]
    read = msgspec.json.Decoder(nouns.Instance).decode
    alone, shared = list(map(read, raw)), sharing.share(map(read, raw))
    assert alone == shared
    for name in ("host", "zone", "flavor", "image", "vm_state", "project_id"):
        assert len({id(getattr(item, name)) for item in shared}) <= 6
    assert len({item.id for item in shared}) == 1_000


def test_few_are_left_as_they_are() -> None:
    few = [nouns.Image(id=str(number)) for number in range(3)]
    assert sharing.share(few) == few
