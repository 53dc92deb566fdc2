"""What a project may own: the default limits, its own, and the check before a row is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from appliance import errors
from appliance.db import connection, instances, projects, quotas, volumes

UNLIMITED: Final = -1
NEAR: Final = 0.8  # of a limit: from here on it is worth a word

# Nova's, Cinder's and Neutron's own defaults
DEFAULTS: Final[dict[str, int]] = {
    "instances": 10,
    "cores": 20,
    "ram": 51_200,  # MiB
    "key_pairs": 100,
    "metadata_items": 128,
    "volumes": 10,
    "snapshots": 10,
    "gigabytes": 1000,
    "network": 100,
    "subnet": 100,
    "port": 500,
    "security_group": 10,
    "security_group_rule": 100,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A project's limits, and what counts against them, by resource."""

    limits: Mapping[str, int]
    used: Mapping[str, int]


def limits(db: connection.Reader, project_id: str) -> dict[str, int]:
    """The project's limit for each resource."""
    return DEFAULTS | quotas.of_project(db, project_id)


def usage(db: connection.Reader, project_id: str) -> Usage:
    """All that a project owns of what is counted, and its limits of that."""
    used = instances.usage(db, project_id) | volumes.usage(db, project_id)
    return Usage(limits=limits(db, project_id), used=used | quotas.network_usage(db, project_id))


def is_near(used: int, limit: int) -> bool:
    """Whether so little is left of a limit that somebody should know."""
    return used >= limit * NEAR


def check(
    tx: connection.Transaction,
    project_id: str,
    *,
    asked: Mapping[str, int],
    used: Mapping[str, int],
) -> None:
    """Raise OverQuota, in Nova's words, when `asked` on top of `used` is over a limit.

    Called in the transaction that writes what was asked for: two requests never share the rest.
    """
    found = shares(tx, project_id, asked=asked, used=used)
    over = [one for one in found if one.is_exceeded]
    if not over:
        return
    names, more, had, of = (
        ", ".join(str(part) for part in parts)
        for parts in (
            [one.resource for one in over],
            [one.asked for one in over],
            [one.used for one in over],
            [one.limit for one in over],
        )
    )
    raise errors.OverQuota(
        f"Quota exceeded for {names}: Requested {more}, but already used {had} of {of} {names}",
        found,
    )


def shares(
    db: connection.Reader,
    project_id: str,
    *,
    asked: Mapping[str, int],
    used: Mapping[str, int],
) -> list[errors.Share]:
    """What `asked` takes of each of the project's limits, by resource."""
    allowed = limits(db, project_id)
    return [
        errors.Share(resource=name, used=used[name], asked=asked[name], limit=allowed[name])
        for name in sorted(asked)
    ]


def put(
    tx: connection.Transaction,
    project_id: str,
    wanted: Mapping[str, int],
    *,
    is_forced: bool = False,
) -> Usage:
    """Give the project limits of its own (-1: none); what it has then.

    Raises BadRequest for no such project and, unless `is_forced`, for a limit below what is used,
    in Nova's words.
    """
    found = projects.find(tx, project_id)
    if found is None or found.is_domain:
        raise errors.BadRequest(f"Project ID {project_id} is not a valid project.")
    used = usage(tx, project_id).used
    for resource, limit in wanted.items():
        if not is_forced and UNLIMITED < limit < used.get(resource, 0):
            raise errors.BadRequest(
                f"Quota limit {limit} for {resource} must be greater than or equal to already "
                f"used and reserved {used[resource]}."
            )
        quotas.put(tx, project_id, resource, limit)
    return usage(tx, project_id)


def fit(
    tx: connection.Transaction,
    project_id: str,
    *,
    each: Mapping[str, int],
    used: Mapping[str, int],
    least: int,
    most: int,
) -> int:
    """How many things of size `each`, `least` to `most`, the project has room for.

    Raises OverQuota when not even `least` fit.
    """
    allowed = limits(tx, project_id)
    rooms = [
        (allowed[name] - used[name]) // size
        for name, size in each.items()
        if allowed[name] != UNLIMITED
    ]
    count = max(least, min([most, *rooms]))
    check(tx, project_id, asked={name: size * count for name, size in each.items()}, used=used)
    return count
