"""Who has which role where: as it was granted, or in effect (Keystone's role assignments)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from appliance import context, errors, policy
from appliance.db import connection, groups, projects, role_assignments, roles
from appliance.model.role import Assignment


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is asked for; None is any. `has_target` and `target_id` None together: the system."""

    role_id: str | None = None
    user_id: str | None = None
    group_id: str | None = None
    target_id: str | None = None
    is_system: bool = False
    is_inherited: bool = False
    is_effective: bool = False
    has_subtree: bool = False  # of the project that is the target too


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A role held: the assignment as it counts, and the one that it follows from."""

    assignment: Assignment
    granted: Assignment
    prior_role_id: str | None = None  # that implies it
    group_id: str | None = None  # by which a user has it


def index(db: connection.Reader, ctx: context.RequestContext, query: Query) -> list[Held]:
    """The roles held that `query` asks for. Raises Forbidden, BadRequest.

    One's own anybody may see; a domain's reader those on its domain's projects.
    """
    owner_id = query.user_id or ""
    policy.check(ctx, "identity:list_role_assignments", domain_id=ctx.domain_id, owner_id=owner_id)
    if query.is_effective and query.group_id:
        raise errors.BadRequest("In effect groups have no roles: their users have them.")
    every = [Held(assignment=one, granted=one) for one in role_assignments.listed(db)]
    held = list(_in_effect(db, every)) if query.is_effective else every
    targets = _targets(db, query)
    seen = _seen(db, ctx, query)
    return [
        one
        for one in held
        if _is_asked(one.assignment, query)
        and (targets is None or one.assignment.target_id in targets)
        and (seen is None or one.assignment.target_id in seen)
    ]


def _is_asked(one: Assignment, query: Query) -> bool:
    return (
        query.role_id in (None, one.role_id)
        and query.user_id in (None, one.user_id)
        and query.group_id in (None, one.group_id)
        and (not query.is_system or one.target_id is None)
        and (not query.is_inherited or bool(one.is_inherited))
    )


def _targets(db: connection.Reader, query: Query) -> set[str] | None:
    """The targets asked for; None is any."""
    if query.target_id is None:
        return None
    below = projects.below(db, query.target_id) if query.has_subtree else []
    return {query.target_id, *(one.id for one in below)}


def _seen(db: connection.Reader, ctx: context.RequestContext, query: Query) -> set[str] | None:
    """What whose token is for a domain may look at; None is anything."""
    if not ctx.domain_id or ctx.is_admin or query.user_id == ctx.user_id:
        return None
    return {ctx.domain_id, *(one.id for one in projects.below(db, ctx.domain_id))}


def _in_effect(db: connection.Reader, granted: Iterable[Held]) -> Iterator[Held]:
    """Groups as their users, inherited grants as what is below, roles with what they imply."""
    implied: dict[str, list[str]] = {}
    for prior_id, implied_id in roles.implications(db):
        implied.setdefault(prior_id, []).append(implied_id)
    of_domains = {role.id for role in roles.listed(db) if role.domain_id}
    told = set[Assignment]()
    for one in granted:
        for placed in _placed(db, one):
            for peopled in _peopled(db, placed):
                for held in _with_implied(peopled, implied):
                    if held.assignment.role_id in of_domains:
                        continue  # it stands in no token: it only implies
                    if held.assignment not in told:
                        told.add(held.assignment)
                        yield held


def _placed(db: connection.Reader, one: Held) -> Iterator[Held]:
    if not one.assignment.is_inherited:
        yield one
        return
    for project in projects.below(db, one.assignment.target_id or ""):
        below = replace(one.assignment, target_id=project.id, is_inherited=0)
        yield replace(one, assignment=below)


def _peopled(db: connection.Reader, one: Held) -> Iterator[Held]:
    group_id = one.assignment.group_id
    if group_id is None:
        yield one
        return
    for user in groups.members(db, group_id):
        own = replace(one.assignment, group_id=None, user_id=user.id)
        yield replace(one, assignment=own, group_id=group_id)


def _with_implied(one: Held, implied: dict[str, list[str]]) -> Iterator[Held]:
    due, found = [one], set[str]()
    while due:
        held = due.pop()
        role_id = held.assignment.role_id
        if role_id in found:
            continue
        found.add(role_id)
        yield held
        due += [
            replace(held, assignment=replace(held.assignment, role_id=key), prior_role_id=role_id)
            for key in implied.get(role_id, ())
        ]
