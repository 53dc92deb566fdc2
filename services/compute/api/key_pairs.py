"""Key pairs: what a request may ask of them. They belong to a user, in every project."""

import re
from dataclasses import asdict, dataclass
from typing import Final

from appliance import clock, context, errors, policy, quota
from appliance.db import connection, journal, key_pairs
from appliance.model.journal import Inverse
from appliance.model.key_pair import KeyPair
from services.compute import key_generation

Generated = key_generation.Generated

_NAME: Final = re.compile(r"[\w\- @.]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPairs:
    """The verbs; may be used by many threads."""

    db: connection.Database

    def create(
        self, ctx: context.RequestContext, name: str, *, public_key: str | None = None
    ) -> tuple[KeyPair, Generated | None]:
        """Keep the user's `public_key`, or a new pair whose private half is returned here only.

        Raises BadRequest for a key or name that cannot be, Conflict when the name is taken.
        """
        policy.check(ctx, "os_compute_api:os-keypairs:create")
        if not _NAME.fullmatch(name):
            raise errors.BadRequest(
                "Keypair data is invalid: Keypair name contains unsafe characters"
            )
        generated = None
        if public_key is None:
            generated = key_generation.generate()
            public_key = generated.public_key
        key_pair = KeyPair(
            user_id=ctx.user_id,
            name=name,
            kind="ssh",
            public_key=public_key,
            fingerprint=key_generation.fingerprint(public_key),
            created_at=clock.stamp(),
        )
        with self.db.transaction() as tx:
            used = key_pairs.count(tx, ctx.user_id)
            quota.check(tx, ctx.project_id, asked={"key_pairs": 1}, used={"key_pairs": used})
            key_pairs.create(tx, key_pair)
            _note(tx, ctx, "key_pair.create", name)
        return key_pair, generated

    def of_user(
        self, ctx: context.RequestContext, *, marker: str = "", limit: int = 1000
    ) -> list[KeyPair]:
        """The caller's key pairs by name."""
        policy.check(ctx, "os_compute_api:os-keypairs:index")
        return key_pairs.of_user(self.db, ctx.user_id, marker=marker, limit=limit)

    def get(self, ctx: context.RequestContext, name: str) -> KeyPair:
        """One of the caller's key pairs. Raises NotFound."""
        policy.check(ctx, "os_compute_api:os-keypairs:index")
        return key_pairs.get(self.db, ctx.user_id, name)

    def delete(self, ctx: context.RequestContext, name: str) -> None:
        """Forget one of the caller's key pairs; the journal keeps its public half for a while.

        Raises NotFound.
        """
        policy.check(ctx, "os_compute_api:os-keypairs:delete")
        with self.db.transaction() as tx:
            gone = key_pairs.get(tx, ctx.user_id, name)
            inverse = Inverse(verb="key_pair.restore", args={"key_pair": asdict(gone)})
            _note(tx, ctx, "key_pair.delete", name, inverse)
            key_pairs.delete(tx, ctx.user_id, name)

    def restore(self, ctx: context.RequestContext, key_pair: KeyPair) -> None:
        """Keep a key pair again that was deleted. Raises Forbidden for another's, Conflict."""
        policy.check(ctx, "os_compute_api:os-keypairs:create")
        if key_pair.user_id != ctx.user_id:
            raise errors.Forbidden("A key pair is its user's alone: they may undo its deletion.")
        with self.db.transaction() as tx:
            used = key_pairs.count(tx, ctx.user_id)
            quota.check(tx, ctx.project_id, asked={"key_pairs": 1}, used={"key_pairs": used})
            inverse = Inverse(verb="key_pair.delete", args={"name": key_pair.name})
            _note(tx, ctx, "key_pair.restore", key_pair.name, inverse)
            key_pairs.create(tx, key_pair)


def _note(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    action: str,
    name: str,
    inverse: Inverse | None = None,
) -> None:
    journal.note(tx, ctx, action, object_id=name, name=name, inverse=inverse)
