"""Metadata definitions (Glance, api/v2/metadef_*.py)."""

from typing import Final

import msgspec

from appliance.model.metadef import Association, Kind, Member, Namespace
from services.api.image import metadef_bodies as bodies
from services.api.image.metadef_bodies import Json, NamespaceBody, Resource
from services.http import endpoint
from services.http.endpoint import Request, decoding, path
from services.image.api.metadefs import Metadefs

_ROOT: Final = "/v2/metadefs/namespaces"
_ONE: Final = f"{_ROOT}/{{namespace}}"
_PLURAL: Final = {Kind.OBJECT: "objects", Kind.PROPERTY: "properties", Kind.TAG: "tags"}


def paths(verbs: Metadefs) -> tuple[endpoint.Path, ...]:
    """Under `/image`."""
    namespaces, resources = _Namespaces(verbs), _Resources(verbs)
    each = [line for kind in Kind for line in _Members(verbs, kind).paths()]
    return (
        path(
            _ROOT,
            GET=endpoint.endpoint(namespaces.index),
            POST=decoding(NamespaceBody, namespaces.create, status=201),
        ),
        path(
            _ONE,
            GET=endpoint.endpoint(namespaces.show),
            PUT=decoding(NamespaceBody, namespaces.update),
            DELETE=endpoint.endpoint(namespaces.delete, status=204),
        ),
        path("/v2/metadefs/resource_types", GET=endpoint.endpoint(resources.types)),
        path(
            f"{_ONE}/resource_types",
            GET=endpoint.endpoint(resources.index),
            POST=decoding(Resource, resources.associate, status=201),
        ),
        path(
            f"{_ONE}/resource_types/{{name}}",
            DELETE=endpoint.endpoint(resources.dissociate, status=204),
        ),
        *each,
    )


class _Namespaces:
    def __init__(self, verbs: Metadefs) -> None:
        self._verbs = verbs

    def index(self, request: Request) -> Json:
        found = self._verbs.namespaces(request.ctx)
        for name in ("visibility", "owner"):
            if name in request.query:
                wanted = request.query[name]
                found = [one for one in found if self._view(one)[name] == wanted]
        views = [self._whole(request, one) for one in found]
        return {
            "namespaces": views, "first": "/v2/metadefs/namespaces",
            "schema": "/v2/schemas/metadefs/namespaces",
        }  # fmt: skip

    def show(self, request: Request) -> Json:
        found = self._verbs.namespace(request.ctx, request.path["namespace"])
        view = self._whole(request, found)
        for kind, plural in _PLURAL.items():
            members = self._verbs.members(request.ctx, found.namespace, kind)
            if kind is Kind.PROPERTY:
                view[plural] = {one.name: dict(one.body) for one in members}
            elif members:
                view[plural] = [{"name": one.name, **one.body} for one in members]
        return view

    def create(self, request: Request, body: NamespaceBody) -> Json:
        made = self._verbs.create(
            request.ctx, bodies.fields(body), members=bodies.members(body),
            associations=[msgspec.to_builtins(one) for one in body.resource_type_associations],
        )  # fmt: skip
        return self._whole(request, made)

    def update(self, request: Request, body: NamespaceBody) -> Json:
        changed = self._verbs.update(request.ctx, request.path["namespace"], bodies.fields(body))
        return self._whole(request, changed)

    def delete(self, request: Request) -> None:
        self._verbs.delete(request.ctx, request.path["namespace"])

    def _whole(self, request: Request, one: Namespace) -> Json:
        found = self._verbs.associations(request.ctx, one.namespace)
        about = [_association(each) for each in found]
        return self._view(one) | ({"resource_type_associations": about} if about else {})

    def _view(self, one: Namespace) -> Json:
        named = {"display_name": one.display_name, "description": one.description}
        return {name: text for name, text in named.items() if text is not None} | {
            "namespace": one.namespace,
            "visibility": one.visibility,
            "protected": bool(one.is_protected),
            "owner": one.project_id,
            "created_at": _seconds(one.created_at),
            "updated_at": _seconds(one.updated_at),
            "self": f"/v2/metadefs/namespaces/{one.namespace}",
            "schema": "/v2/schemas/metadefs/namespace",
        }


class _Members:
    """Objects, properties or tags of a namespace: the same in all but a few words."""

    def __init__(self, verbs: Metadefs, kind: Kind) -> None:
        self._verbs = verbs
        self._kind = kind
        self._plural = _PLURAL[kind]

    def paths(self) -> tuple[endpoint.Path, ...]:
        whole = {
            "GET": endpoint.endpoint(self.index),
            "POST": decoding(Json, self.create, status=201),
            "DELETE": endpoint.endpoint(self.clear, status=204),
        }
        one = {
            "GET": endpoint.endpoint(self.show),
            "PUT": decoding(Json, self.update),
            "DELETE": endpoint.endpoint(self.delete, status=204),
        }
        if self._kind is Kind.TAG:
            one["POST"] = endpoint.endpoint(self.create_named, status=201)
        return (
            path(f"{_ONE}/{self._plural}", **whole),
            path(f"{_ONE}/{self._plural}/{{name}}", **one),
        )

    def index(self, request: Request) -> Json:
        found = self._verbs.members(request.ctx, request.path["namespace"], self._kind)
        if self._kind is Kind.PROPERTY:
            return {self._plural: {one.name: dict(one.body) for one in found}}
        base = f"/v2/metadefs/namespaces/{request.path['namespace']}/{self._plural}"
        views = [self._view(one) for one in found]
        return {
            self._plural: views, "first": base, "schema": f"/v2/schemas/metadefs/{self._plural}",
        }  # fmt: skip

    def create(self, request: Request, body: Json) -> Json:
        namespace = request.path["namespace"]
        if self._kind is Kind.TAG:
            made = self._verbs.put(
                request.ctx, namespace, self._kind, bodies.tags(body), is_all=_is_all(request)
            )
            return {"tags": [{"name": one.name} for one in made]}
        name, rest = bodies.named(self._kind, body)
        (member,) = self._verbs.put(request.ctx, namespace, self._kind, {name: rest})
        return self._view(member)

    def create_named(self, request: Request) -> Json:
        named: dict[str, Json] = {bodies.checked(request.path["name"]): {}}
        (made,) = self._verbs.put(request.ctx, request.path["namespace"], self._kind, named)
        return self._view(made)

    def show(self, request: Request) -> Json:
        return self._view(self._member(request))

    def update(self, request: Request, body: Json) -> Json:
        name, rest = bodies.named(self._kind, body)
        changed = self._verbs.change(request.ctx, self._member(request), name=name, body=rest)
        return self._view(changed)

    def delete(self, request: Request) -> None:
        namespace, name = request.path["namespace"], request.path["name"]
        self._verbs.remove(request.ctx, namespace, self._kind, name)

    def clear(self, request: Request) -> None:
        self._verbs.remove(request.ctx, request.path["namespace"], self._kind, None)

    def _member(self, request: Request) -> Member:
        namespace, name = request.path["namespace"], request.path["name"]
        return self._verbs.member(request.ctx, namespace, self._kind, name)

    def _view(self, one: Member) -> Json:
        view = {**one.body, "name": one.name}
        if self._kind is Kind.PROPERTY:
            return view
        return view | {
            "created_at": _seconds(one.created_at),
            "updated_at": _seconds(one.updated_at),
            "self": f"/v2/metadefs/namespaces/{one.namespace}/{self._plural}/{one.name}",
            "schema": f"/v2/schemas/metadefs/{one.kind}",
        }


class _Resources:
    def __init__(self, verbs: Metadefs) -> None:
        self._verbs = verbs

    def types(self, request: Request) -> Json:
        return {
            "resource_types": [
                {"name": name, "created_at": _seconds(created), "updated_at": _seconds(updated)}
                for name, created, updated in self._verbs.resource_types(request.ctx)
            ]
        }

    def index(self, request: Request) -> Json:
        found = self._verbs.associations(request.ctx, request.path["namespace"])
        return {"resource_type_associations": [_association(one) for one in found]}

    def associate(self, request: Request, body: Resource) -> Json:
        said = msgspec.to_builtins(body)
        return _association(self._verbs.associate(request.ctx, request.path["namespace"], said))

    def dissociate(self, request: Request) -> None:
        self._verbs.dissociate(request.ctx, request.path["namespace"], request.path["name"])


def _is_all(request: Request) -> bool:
    """Whether new tags take the place of all there are, as they do unless `X-OpenStack-Append`."""
    return request.headers.get("x-openstack-append", "").lower() != "true"


def _association(one: Association) -> Json:
    said = {"prefix": one.prefix, "properties_target": one.properties_target}
    return {name: text for name, text in said.items() if text is not None} | {
        "name": one.resource_type,
        "created_at": _seconds(one.created_at),
        "updated_at": _seconds(one.updated_at),
    }


def _seconds(stamp: str) -> str:
    return f"{stamp[:19]}Z"
