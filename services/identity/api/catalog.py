"""The catalog: where each service of this cloud is, for a project; and what admins add to it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Generic, TypeVar

from appliance import context, errors, ids, policy
from appliance.db import catalog as rows
from appliance.db import connection, limits, registered_limits
from appliance.model.catalog import Endpoint, Policy, Region, Service
from services.identity import own_services

REGION: Final = own_services.REGION
_VARIABLE: Final = re.compile(r"%%|[%$]\((?P<name>\w*)\)s|%|\$\(")  # the last two: a wrong form
N = TypeVar("N", bound=Region | Service | Endpoint | Policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A service as the catalog of a token lists it; the endpoints' URLs are filled in."""

    service: Service
    endpoints: tuple[Endpoint, ...]


def listed(db: connection.Reader, *, project_id: str, user_id: str = "") -> list[Listed]:
    """The catalog of a token: enabled services with their enabled endpoints.

    An endpoint whose URL needs a project is left out of a catalog without one (Keystone,
    catalog/backends/base.py).
    """
    by_service: dict[str, list[Endpoint]] = {}
    values = {"project_id": project_id, "tenant_id": project_id, "user_id": user_id}
    for one in rows.endpoints.listed(db, {"is_enabled": 1}):
        url = filled(one.url, values)
        if url is not None:
            by_service.setdefault(one.service_id, []).append(replace(one, url=url))
    return [
        Listed(service=service, endpoints=tuple(by_service.get(service.id, ())))
        for service in rows.services.listed(db, {"is_enabled": 1})
    ]


def filled(url: str, values: Mapping[str, str]) -> str | None:
    """The URL with its variables; None where one is unknown or empty, or the form is wrong.

    `%(name)s` and `$(name)s` are variables, `%%` is a per cent sign; no other form is known: `%` of
    Python's would also pad a name to a billion characters.
    """
    missing = False

    def value(found: re.Match[str]) -> str:
        nonlocal missing
        if found[0] == "%%":
            return "%"
        text = values.get(found["name"] or "", "")
        missing = missing or not text
        return text

    text = _VARIABLE.sub(value, url)
    return None if missing else text


class Shelf(Generic[N]):
    """The verbs on one table of the catalog: everybody's or readers' to see, admins' to change."""

    def __init__(self, table: rows.Table[N], kind: type[N], *, plural: str) -> None:
        self._table = table
        self._kind = kind
        self._noun = kind.__name__.lower()
        self.rules = {
            verb: f"identity:{verb}_{plural if verb == 'list' else self._noun}"
            for verb in ("list", "get", "create", "update", "delete")
        }

    def index(
        self, db: connection.Database, ctx: context.RequestContext, where: Mapping[str, object]
    ) -> list[N]:
        """Those with these columns. Raises Forbidden."""
        policy.check(ctx, self.rules["list"])
        return self._table.listed(db, where)

    def show(self, db: connection.Database, ctx: context.RequestContext, key: str) -> N:
        """One of them. Raises Forbidden, NotFound."""
        policy.check(ctx, self.rules["get"])
        return self._table.get(db, key)

    def create(
        self, db: connection.Database, ctx: context.RequestContext, fields: Mapping[str, Any]
    ) -> N:
        """Make one. Raises Forbidden, Conflict (the id), BadRequest (what it refers to).

        The `region` of an endpoint's fields is a region that is made where it is missing.
        """
        policy.check(ctx, self.rules["create"])
        with db.transaction() as tx:
            made = self._kind(**{"id": ids.new_hex(), **_with_region(tx, ctx, fields)})
            if self._table.listed(tx, {"id": made.id}):
                raise errors.Conflict(f"Conflict occurred: a {self._noun} {made.id} exists.")
            _check_references(tx, made)
            self._table.create(tx, made)
        return made

    def update(
        self,
        db: connection.Database,
        ctx: context.RequestContext,
        key: str,
        fields: Mapping[str, Any],
    ) -> N:
        """Change what is given, said as to `create`. Raises Forbidden, NotFound, BadRequest."""
        policy.check(ctx, self.rules["update"])
        with db.transaction() as tx:
            old = self._table.get(tx, key)
            said = _with_region(tx, ctx, fields)
            said |= {"id": key, "extra": {**old.extra, **fields.get("extra", {})}}
            new = replace(old, **said)
            _check_references(tx, new)
            self._table.update(tx, new)
        return new

    def delete(self, db: connection.Database, ctx: context.RequestContext, key: str) -> None:
        """Remove it; a service with its endpoints and limits. Raises NotFound.

        Forbidden too: a region that others are below, or that endpoints or limits are of.
        """
        policy.check(ctx, self.rules["delete"])
        with db.transaction() as tx:
            if self._kind is Region:
                _refuse_used(tx, key)
            if self._kind is Service:
                limits.delete_of_service(tx, key)
            self._table.delete(tx, key)


regions: Final = Shelf(rows.regions, Region, plural="regions")
services: Final = Shelf(rows.services, Service, plural="services")
endpoints: Final = Shelf(rows.endpoints, Endpoint, plural="endpoints")
policies: Final = Shelf(rows.policies, Policy, plural="policies")


def _with_region(
    tx: connection.Transaction, ctx: context.RequestContext, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """The fields with `region` as a `region_id`; its region is made. Raises Forbidden."""
    said = dict(fields)
    named = said.pop("region", None)
    if named is not None and "region_id" not in said:
        said["region_id"] = named
        if named and not rows.regions.listed(tx, {"id": named}):
            policy.check(ctx, regions.rules["create"])
            rows.regions.create(tx, Region(id=named))
    return said


def _refuse_used(tx: connection.Transaction, region_id: str) -> None:
    if (
        rows.regions.listed(tx, {"parent_region_id": region_id})
        or rows.endpoints.listed(tx, {"region_id": region_id})
        or registered_limits.listed(tx, {"region_id": region_id})
    ):
        raise errors.Forbidden(
            f"Unable to delete region {region_id}: it has regions, endpoints or registered limits."
        )


def _check_references(
    tx: connection.Transaction, noun: Region | Service | Endpoint | Policy
) -> None:
    """Raise BadRequest when what the noun refers to is not there, or refers back to it."""
    match noun:
        case Region(parent_region_id=str(parent)):
            _require(rows.regions.listed(tx, {"id": parent}), "region", parent)
            above: str | None = parent
            while above is not None:
                if above == noun.id:
                    raise errors.BadRequest(f"Region {noun.id} cannot be below itself.")
                above = rows.regions.get(tx, above).parent_region_id
        case Endpoint():
            _require(rows.services.listed(tx, {"id": noun.service_id}), "service", noun.service_id)
            if noun.region_id is not None:
                _require(rows.regions.listed(tx, {"id": noun.region_id}), "region", noun.region_id)
            example = {"project_id": "p", "tenant_id": "p", "user_id": "u"}
            if filled(noun.url, example) is None:
                raise errors.BadRequest(f"Malformed endpoint URL ({noun.url[:200]}).")


def _require(found: object, noun: str, key: str) -> None:
    if not found:
        raise errors.BadRequest(f"Could not find {noun}: {key}.")
