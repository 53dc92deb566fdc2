"""Five requests that most of Identity's nouns answer: list, create, show, change, delete.

Which attributes a noun has, how it is shown and what it is filtered by are its own file's to say.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from appliance import context
from appliance.db import connection
from services.api.identity import documents, listing
from services.api.identity.documents import Body, Field, Said
from services.http import endpoint
from services.http.endpoint import Path, Request, decoding, path

N = TypeVar("N")
Fields = Mapping[str, Any]
Where = Mapping[str, object]


class Verbs(Protocol[N]):
    """What `services.identity.api` offers for a noun: a module or object of these functions."""

    def index(self, db: connection.Database, ctx: context.RequestContext, where: Where) -> list[N]:
        """Those that the caller may see, with these columns."""
        ...

    def show(self, db: connection.Database, ctx: context.RequestContext, key: str, /) -> N:
        """One of them."""
        ...

    def create(self, db: connection.Database, ctx: context.RequestContext, fields: Fields) -> N:
        """Make one."""
        ...

    def update(
        self, db: connection.Database, ctx: context.RequestContext, key: str, fields: Fields, /
    ) -> N:
        """Change what is given."""
        ...

    def delete(self, db: connection.Database, ctx: context.RequestContext, key: str, /) -> None:
        """Remove it."""
        ...


def same(said: Said) -> dict[str, Any]:
    """What was said, as a model with `extra` has it."""
    return said.known | {"extra": said.extra}


def equal(*names: str) -> Callable[[Request], dict[str, object]]:
    """A filter by columns that carry the API's names."""

    def where(request: Request) -> dict[str, object]:
        return {name: request.query[name] for name in names if name in request.query}

    return where


def _any(_: Request) -> dict[str, object]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One noun on the wire; `noun` and `plural` are also the names of its objects."""

    db: connection.Database
    noun: str
    plural: str
    verbs: Verbs[Any]
    fields: Mapping[str, Field]
    view: Callable[[Any, Request], dict[str, Any]]
    where: Callable[[Request], dict[str, object]] = _any
    model: Callable[[Said], dict[str, Any]] = same
    required: tuple[str, ...] = ("name",)

    def paths(self) -> tuple[Path, ...]:
        """Under `/identity`."""
        return (
            path(
                f"/v3/{self.plural}",
                GET=endpoint.endpoint(self.index),
                POST=decoding(Body, self.create, status=201),
            ),
            path(
                f"/v3/{self.plural}/{{key}}",
                GET=endpoint.endpoint(self.show),
                PATCH=decoding(Body, self.update),
                DELETE=endpoint.endpoint(self.delete, status=204),
            ),
        )

    def index(self, request: Request) -> dict[str, Any]:
        """`GET /v3/users`."""
        found = self.verbs.index(self.db, request.ctx, self.where(request))
        return listing.of(self.plural, found, self.view, request=request)

    def show(self, request: Request) -> dict[str, Any]:
        """`GET /v3/users/{key}`."""
        found = self.verbs.show(self.db, request.ctx, request.path["key"])
        return {self.noun: self.view(found, request)}

    def create(self, request: Request, body: Body) -> dict[str, Any]:
        """`POST /v3/users`."""
        said = documents.read(body, self.noun, self.fields, required=self.required)
        made = self.verbs.create(self.db, request.ctx, self.model(said))
        return {self.noun: self.view(made, request)}

    def update(self, request: Request, body: Body) -> dict[str, Any]:
        """`PATCH /v3/users/{key}`."""
        said = documents.read(body, self.noun, self.fields)
        key = request.path["key"]
        changed = self.verbs.update(self.db, request.ctx, key, self.model(said))
        return {self.noun: self.view(changed, request)}

    def delete(self, request: Request) -> None:
        """`DELETE /v3/users/{key}`."""
        self.verbs.delete(self.db, request.ctx, request.path["key"])
