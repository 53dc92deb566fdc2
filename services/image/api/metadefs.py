"""What a request may ask about metadata definitions (Glance's metadefs)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from appliance import clock, context, errors, policy
from appliance.db import connection, metadefs
from appliance.model.metadef import Association, Kind, Member, Namespace

MEMBERS_MAX: Final = 1000  # of a namespace: Glance's own largest has some sixty


class Metadefs:
    """The verbs; may be used by many threads."""

    def __init__(self, db: connection.Database) -> None:
        self._db = db

    def namespaces(self, ctx: context.RequestContext) -> list[Namespace]:
        """Those that the caller may see, newest first. Raises Forbidden."""
        policy.check(ctx, "get_metadef_namespaces")
        return [one for one in metadefs.namespaces(self._db) if _is_seen(ctx, one)]

    def namespace(self, ctx: context.RequestContext, name: str) -> Namespace:
        """One of them. Raises Forbidden, NotFound."""
        policy.check(ctx, "get_metadef_namespace")
        return self._seen(self._db, ctx, name)

    def create(
        self,
        ctx: context.RequestContext,
        fields: Mapping[str, Any],
        *,
        members: Mapping[Kind, Mapping[str, Mapping[str, Any]]],
        associations: Sequence[Mapping[str, Any]],
    ) -> Namespace:
        """Make a namespace with what is in it, whole or not at all. Raises Forbidden, Conflict,
        TooLarge.
        """
        policy.check(ctx, "add_metadef_namespace")
        now = clock.stamp()
        owned = {"project_id": ctx.project_id, **fields}
        namespace = Namespace(**owned, created_at=now, updated_at=now)
        with self._db.transaction() as tx:
            metadefs.create(tx, namespace)
            for kind, some in members.items():
                for name, body in some.items():
                    metadefs.add(tx, _member(namespace.namespace, kind, name, body))
            _check_count(tx, namespace.namespace)
            for one in associations:
                metadefs.associate(tx, _association(namespace.namespace, one))
        return namespace

    def update(
        self, ctx: context.RequestContext, name: str, fields: Mapping[str, Any]
    ) -> Namespace:
        """Change what is given. Raises Forbidden, NotFound, Conflict."""
        policy.check(ctx, "modify_metadef_namespace")
        with self._db.transaction() as tx:
            new = replace(self._owned(tx, ctx, name), **fields)
            metadefs.update(tx, name, new)
        return new

    def delete(self, ctx: context.RequestContext, name: str) -> None:
        """Remove a namespace with what is in it. Raises Forbidden (protected, too), NotFound."""
        policy.check(ctx, "delete_metadef_namespace")
        with self._db.transaction() as tx:
            if self._owned(tx, ctx, name).is_protected:
                raise errors.Forbidden(f"Metadata definition namespace {name} is protected.")
            metadefs.delete(tx, name)

    def members(self, ctx: context.RequestContext, name: str, kind: Kind) -> list[Member]:
        """What of a kind is in a namespace. Raises Forbidden, NotFound."""
        policy.check(ctx, "get_metadef_members")
        self._seen(self._db, ctx, name)
        return metadefs.members(self._db, name, kind)

    def member(self, ctx: context.RequestContext, name: str, kind: Kind, which: str) -> Member:
        """One of them. Raises Forbidden, NotFound."""
        policy.check(ctx, "get_metadef_members")
        self._seen(self._db, ctx, name)
        return metadefs.member(self._db, name, kind, which)

    def put(
        self,
        ctx: context.RequestContext,
        name: str,
        kind: Kind,
        bodies: Mapping[str, Mapping[str, Any]],
        *,
        is_all: bool = False,
    ) -> list[Member]:
        """Add members; with `is_all` in place of all there were. Raises Forbidden, Conflict…"""
        policy.check(ctx, "modify_metadef_members")
        made = [_member(name, kind, each, body) for each, body in bodies.items()]
        with self._db.transaction() as tx:
            self._owned(tx, ctx, name)
            if is_all:
                metadefs.clear(tx, name, kind)
            for one in made:
                metadefs.add(tx, one)
            _check_count(tx, name)
        return made

    def change(
        self, ctx: context.RequestContext, old: Member, *, name: str, body: Mapping[str, Any]
    ) -> Member:
        """Write a member anew. Raises Forbidden, NotFound, Conflict."""
        policy.check(ctx, "modify_metadef_members")
        with self._db.transaction() as tx:
            self._owned(tx, ctx, old.namespace)
            new = replace(old, name=name, body=body)
            metadefs.change(tx, metadefs.member(tx, old.namespace, old.kind, old.name), new)
        return new

    def remove(self, ctx: context.RequestContext, name: str, kind: Kind, which: str | None) -> None:
        """Remove one member, or (None) all of a kind. Raises Forbidden, NotFound."""
        policy.check(ctx, "modify_metadef_members")
        with self._db.transaction() as tx:
            self._owned(tx, ctx, name)
            if which is None:
                metadefs.clear(tx, name, kind)
            else:
                metadefs.remove(tx, metadefs.member(tx, name, kind, which))

    def resource_types(self, ctx: context.RequestContext) -> list[tuple[str, str, str]]:
        """Every known type: name, created, updated. Raises Forbidden."""
        policy.check(ctx, "get_metadef_resource_types")
        return metadefs.resource_types(self._db)

    def associations(self, ctx: context.RequestContext, name: str) -> list[Association]:
        """What a namespace is about. Raises Forbidden, NotFound."""
        policy.check(ctx, "get_metadef_resource_types")
        self._seen(self._db, ctx, name)
        return metadefs.associations(self._db, name)

    def associate(
        self, ctx: context.RequestContext, name: str, said: Mapping[str, Any]
    ) -> Association:
        """Let a namespace be about a type of resource. Raises Forbidden, NotFound, Conflict."""
        policy.check(ctx, "modify_metadef_resource_types")
        made = _association(name, said)
        with self._db.transaction() as tx:
            self._owned(tx, ctx, name)
            metadefs.associate(tx, made)
        return made

    def dissociate(self, ctx: context.RequestContext, name: str, resource_type: str) -> None:
        """End that. Raises Forbidden, NotFound."""
        policy.check(ctx, "modify_metadef_resource_types")
        with self._db.transaction() as tx:
            self._owned(tx, ctx, name)
            metadefs.dissociate(tx, name, resource_type)

    def _seen(self, db: connection.Reader, ctx: context.RequestContext, name: str) -> Namespace:
        found = metadefs.find(db, name)
        if found is None or not _is_seen(ctx, found):
            raise errors.NotFound("metadef namespace", name)
        return found

    def _owned(self, db: connection.Reader, ctx: context.RequestContext, name: str) -> Namespace:
        found = self._seen(db, ctx, name)
        if not ctx.is_admin and found.project_id != ctx.project_id:
            raise errors.Forbidden(f"You are not permitted to modify namespace {name}.")
        return found


def _is_seen(ctx: context.RequestContext, one: Namespace) -> bool:
    return ctx.is_admin or one.visibility == "public" or one.project_id == ctx.project_id


def _check_count(tx: connection.Transaction, namespace: str) -> None:
    """Raises TooLarge, which takes back what was added."""
    if metadefs.count_members(tx, namespace) > MEMBERS_MAX:
        raise errors.TooLarge(f"A metadata definition namespace has at most {MEMBERS_MAX} members.")


def _member(namespace: str, kind: Kind, name: str, body: Mapping[str, Any]) -> Member:
    now = clock.stamp()
    return Member(
        namespace=namespace, kind=kind, name=name, body=body, created_at=now, updated_at=now
    )


def _association(namespace: str, said: Mapping[str, Any]) -> Association:
    now = clock.stamp()
    return Association(
        namespace=namespace, resource_type=str(said["name"]), prefix=said.get("prefix"),
        properties_target=said.get("properties_target"), created_at=now, updated_at=now,
    )  # fmt: skip
