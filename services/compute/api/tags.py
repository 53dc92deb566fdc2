"""Tags, which EC2 has on everything: what a request may ask of them. Volumes' are here too."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from appliance import context, errors, policy
from appliance.db import (
    connection,
    ec2_tags,
    images,
    instances,
    journal,
    security_groups,
    snapshots,
    volumes,
)
from appliance.db.ec2_tags import Tag
from appliance.model.journal import Inverse

# EC2's own limits
TAGS_MAX: Final = 50
KEY_CHARS_MAX: Final = 128
VALUE_CHARS_MAX: Final = 256
_RESERVED: Final = "aws:"

Resource = tuple[str, str]  # kind (that of `ec2_ids`) and id


class TooManyTags(errors.BadRequest):
    """One thing would have more tags than it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """The verbs; may be used by many threads."""

    db: connection.Database

    def of_project(self, ctx: context.RequestContext) -> list[Tag]:
        """Every tag of the caller's project."""
        policy.check(ctx, "ec2:describe_tags")
        return ec2_tags.of_project(self.db, ctx.project_id)

    def of(
        self, ctx: context.RequestContext, object_ids: Iterable[str]
    ) -> dict[str, dict[str, str]]:
        """Tags by id, of things that the caller was shown."""
        policy.check(ctx, "ec2:describe_tags")
        return ec2_tags.many(self.db, object_ids)

    def put(
        self,
        ctx: context.RequestContext,
        resources: Iterable[Resource],
        pairs: Mapping[str, str],
    ) -> None:
        """Write the pairs on each; all or nothing. Raises NotFound, BadRequest, Forbidden."""
        policy.check(ctx, "ec2:create_tags")
        check(pairs)
        resources = list(resources)
        with self.db.transaction() as tx:
            _note(tx, ctx, "tags.put", resources)
            for kind, object_id in resources:
                _check_own(tx, ctx, kind, object_id)
                write(tx, ctx.project_id, kind=kind, object_id=object_id, pairs=pairs)

    def delete(
        self,
        ctx: context.RequestContext,
        resources: Iterable[Resource],
        pairs: Mapping[str, str | None] | None,
    ) -> None:
        """Take the pairs (value None: any; no pairs: all) from each; what is not there is no error.

        Raises NotFound, Forbidden.
        """
        policy.check(ctx, "ec2:delete_tags")
        resources = list(resources)
        with self.db.transaction() as tx:
            _note(tx, ctx, "tags.delete", resources)
            for kind, object_id in resources:
                _check_own(tx, ctx, kind, object_id)
                if pairs is None:
                    ec2_tags.delete_all(tx, object_id)
                for key, value in (pairs or {}).items():
                    ec2_tags.delete(tx, object_id, key, value)

    def replace(
        self, ctx: context.RequestContext, tags: Iterable[tuple[str, str, Mapping[str, str]]]
    ) -> None:
        """Let these pairs be all that each of these things has. Raises NotFound, Forbidden."""
        policy.check(ctx, "ec2:create_tags")
        tags = list(tags)
        with self.db.transaction() as tx:
            _note(tx, ctx, "tags.put", [(kind, object_id) for kind, object_id, _ in tags])
            for kind, object_id, pairs in tags:
                _check_own(tx, ctx, kind, object_id)
                ec2_tags.delete_all(tx, object_id)
                write(tx, ctx.project_id, kind=kind, object_id=object_id, pairs=pairs)


def _note(
    tx: connection.Transaction,
    ctx: context.RequestContext,
    action: str,
    resources: Sequence[Resource],
) -> None:
    """Before they are changed: an undo lets each thing have the tags that it has now."""
    before = [(kind, key, ec2_tags.of_object(tx, key)) for kind, key in resources]
    more = f" and {len(resources) - 1} more" if len(resources) > 1 else ""
    kind, key = resources[0] if resources else ("", "")
    journal.note(
        tx, ctx, action,
        object_id=key, name=f"{kind} {key}{more}",
        inverse=Inverse(verb="tags.replace", args={"tags": before}),
    )  # fmt: skip


def check(pairs: Mapping[str, str]) -> None:
    """Raise BadRequest for a key or value that cannot be, TooManyTags for more than a thing has."""
    if len(pairs) > TAGS_MAX:
        raise TooManyTags(f"Nothing has more than {TAGS_MAX} tags.")
    for key, value in pairs.items():
        if not 0 < len(key) <= KEY_CHARS_MAX or len(value) > VALUE_CHARS_MAX:
            raise errors.BadRequest(
                f"Tag {key[:KEY_CHARS_MAX]!r}: a key has 1 to {KEY_CHARS_MAX} characters, "
                f"a value at most {VALUE_CHARS_MAX}."
            )
        if key.lower().startswith(_RESERVED):
            raise errors.BadRequest(f"Tag keys starting with '{_RESERVED}' are reserved.")


def write(
    tx: connection.Transaction,
    project_id: str,
    *,
    kind: str,
    object_id: str,
    pairs: Mapping[str, str],
) -> None:
    """Write checked pairs on one object, over those of the same key. Raises TooManyTags."""
    if len({**ec2_tags.of_object(tx, object_id), **pairs}) > TAGS_MAX:
        raise TooManyTags(f"{kind} {object_id} would have more than {TAGS_MAX} tags.")
    for key, value in pairs.items():
        tag = Tag(project_id=project_id, kind=kind, object_id=object_id, key=key, value=value)
        ec2_tags.put(tx, tag)


def _check_own(
    tx: connection.Transaction, ctx: context.RequestContext, kind: str, object_id: str
) -> None:
    """Raise NotFound for what the caller may not see, Forbidden for what is another project's."""
    if _owner(tx, ctx, kind, object_id) != ctx.project_id:
        raise errors.Forbidden(f"{kind} {object_id} is of another project: it cannot be tagged.")


def _owner(
    tx: connection.Transaction, ctx: context.RequestContext, kind: str, object_id: str
) -> str:
    match kind:
        case "instance":
            return instances.get_visible(tx, object_id, ctx).project_id
        case "image":
            return images.get_visible(tx, object_id, ctx).project_id
        case "volume":
            return volumes.get_visible(tx, object_id, ctx).project_id
        case "snapshot":
            return snapshots.get_visible(tx, object_id, ctx).project_id
    group = security_groups.get(tx, object_id)
    if group.project_id != ctx.project_id and not ctx.is_admin:
        raise errors.NotFound("security group", object_id)
    return group.project_id
