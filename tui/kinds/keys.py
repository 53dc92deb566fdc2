"""Key pairs: the public keys that new instances let in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from tui import quantities
from tui.client.nouns import Instance, KeyPair, User
from tui.kinds.kind import Kind, Line, Pen, dotted, since
from tui.widgets.columns import Column


def _columns(pen: Pen) -> Sequence[Column[KeyPair]]:
    return [
        Column(name="NAME", width=14, weight=1, cell=lambda item: (item.name, "")),
        Column(name="TYPE", width=5, cell=lambda item: (item.type, ""), drop=2),
        Column(name="USER", width=10, cell=lambda item: (_user(item, pen), ""), drop=1),
        Column(name="FINGERPRINT (MD5)", width=32, weight=2,
               cell=lambda item: (item.fingerprint, "dim")),
        Column(name="AGE", width=4, is_right=True, cell=lambda item: since(pen, item.created_at),
               sort=lambda item: quantities.epoch_s(item.created_at) or 0.0),
    ]  # fmt: skip


def _detail(item: KeyPair, pen: Pen, is_wide: bool) -> Iterable[Line]:
    yield dotted(pen, f"fingerprint {item.fingerprint}")
    used = [
        one.name
        for one in pen.store.all(Instance)
        if one.key_name == item.name and one.user_id in ("", item.user_id)
    ]
    yield f"let in by  {', '.join(used) or 'no instance'}"
    yield item.public_key


def _user(item: KeyPair, pen: Pen) -> str:
    user = pen.store.find(User, item.user_id)
    return user.name if user else item.user_id[:8]


KIND: Final = Kind(
    noun=KeyPair,
    topic="key_pair",
    title="Key pairs",
    purpose="Public keys that new instances let in. Instances keep the key they were made with.",
    name=lambda item: item.name,
    columns=_columns,
    show=("openstack", "keypair", "show"),
    order=lambda item: item.name,
    detail=_detail,
    empty="n imports a public key",
    follows=frozenset({"instance", "user"}),
)
