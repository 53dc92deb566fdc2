"""What a request may ask about the tags of projects."""

from typing import Final

from appliance import context, errors, policy
from appliance.db import connection, projects

TAGS_MAX: Final = 80  # Keystone's
TAG_CHARS_MAX: Final = 255


def index(db: connection.Reader, ctx: context.RequestContext, project_id: str) -> tuple[str, ...]:
    """A project's tags. Raises Forbidden, NotFound."""
    project = projects.get(db, project_id)
    policy.check(
        ctx, "identity:list_project_tags", domain_id=project.domain_id, owner_id=project_id
    )
    return project.tags


def check(db: connection.Reader, ctx: context.RequestContext, project_id: str, tag: str) -> None:
    """Raise NotFound unless the project has the tag. Raises Forbidden."""
    if tag not in index(db, ctx, project_id):
        raise errors.NotFound("project tag", tag)


def replace(
    db: connection.Database, ctx: context.RequestContext, project_id: str, wanted: tuple[str, ...]
) -> tuple[str, ...]:
    """Let a project have these tags and no other. Raises Forbidden, NotFound, BadRequest."""
    check_tags(wanted)
    with db.transaction() as tx:
        _known(tx, ctx, project_id)
        projects.put_tags(tx, project_id, wanted)
    return projects.get(db, project_id).tags


def add(db: connection.Database, ctx: context.RequestContext, project_id: str, tag: str) -> None:
    """Let a project have one tag more; it may have it. Raises like `replace`."""
    with db.transaction() as tx:
        wanted = tuple(dict.fromkeys((*_known(tx, ctx, project_id), tag)))
        check_tags(wanted)
        projects.put_tags(tx, project_id, wanted)


def remove(db: connection.Database, ctx: context.RequestContext, project_id: str, tag: str) -> None:
    """Let a project have one tag less. Raises Forbidden, and NotFound for the tag too."""
    with db.transaction() as tx:
        known = _known(tx, ctx, project_id)
        if tag not in known:
            raise errors.NotFound("project tag", tag)
        projects.put_tags(tx, project_id, tuple(one for one in known if one != tag))


def check_tags(wanted: tuple[str, ...]) -> None:
    """Raise BadRequest for tags that no project may have (Keystone, project/schema.py)."""
    if len(wanted) > TAGS_MAX:
        raise errors.BadRequest(f"A project has at most {TAGS_MAX} tags.")
    if len(set(wanted)) != len(wanted):
        raise errors.BadRequest("A project has each tag once.")
    for tag in wanted:
        if not 1 <= len(tag) <= TAG_CHARS_MAX or {"/", ","} & set(tag):
            raise errors.BadRequest(
                f"Invalid tag {tag[:50]!r}: 1 to {TAG_CHARS_MAX} characters, no slash, no comma."
            )


def _known(
    tx: connection.Transaction, ctx: context.RequestContext, project_id: str
) -> tuple[str, ...]:
    """The tags of a project that the caller may change. Raises Forbidden, NotFound."""
    project = projects.get(tx, project_id)
    policy.check(ctx, "identity:update_project_tags", domain_id=project.domain_id)
    return project.tags
