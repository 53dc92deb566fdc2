"""A container as a web site: its index, its error pages, its listings (Swift, staticweb.py).

It is for those who come without a token (or ask for it with X-Web-Mode), and reads for them only
what they may read anyway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Final
from urllib.parse import quote

from appliance import errors
from services.http.endpoint import Reply, Request
from services.object import headers, refusals
from services.object.refusals import Refused
from services.object.swift import access
from services.object.swift.access import Caller, Deed
from services.object.swift.containers import Containers
from services.object.swift.objects import Objects
from storage.objects import errors as stored
from storage.objects.container import Listed
from storage.objects.listing import Query, Subdir
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore

_META: Final = "X-Container-Meta-Web-"
_DIRECTORY_TYPE: Final = "application/directory"
_PAGE: Final = 10_000
_STYLE: Final = (
    "<style>h1{font-size:1em;font-weight:bold}th{text-align:left;padding:0 1em 0 0}"
    "td{padding:0 1em 0 0}td.size{text-align:right}</style>"
)

Handler = Callable[[Request, Caller], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What a container's metadata says of it as a web site."""

    index: str
    error: str
    has_listings: bool
    listings_css: str
    listings_label: str
    directory_type: str

    @classmethod
    def of(cls, metadata: Mapping[str, str]) -> Site | None:
        """Return the site that a container is, or None."""
        found = {
            name.removeprefix(_META).lower(): value.strip()
            for name, value in metadata.items()
            if name.startswith(_META)
        }
        if not (found.keys() & {"index", "error", "listings"}):
            return None
        return cls(
            index=found.get("index", ""),
            error=found.get("error", ""),
            has_listings=found.get("listings", "").lower() in headers.TRUE,
            listings_css=found.get("listings-css", ""),
            listings_label=found.get("listings-label", ""),
            directory_type=found.get("directory-type", "") or _DIRECTORY_TYPE,
        )


class StaticWeb:
    """GET and HEAD of containers and objects, as a site where the container is one."""

    def __init__(self, store: ObjectStore, containers: Containers, objects: Objects) -> None:
        self._store = store
        self._containers = containers
        self._objects = objects

    def container(self, request: Request, caller: Caller) -> Reply:
        """Answer for /v1/{account}/{container}: its index or a listing, or what the API says."""
        plain = _of(request, self._containers.head, self._containers.get)
        site = self._site(request, caller)
        if site is None or not (site.index or site.has_listings):
            return plain(request, caller)
        if not request.url_path.endswith("/"):
            return _moved(request)
        with_index = self._index(request, caller, site, below="")
        if with_index is not None:
            return with_index
        try:
            return self._listing(request, caller, site, prefix="")
        except errors.NovaboxError as error:
            return self._error(request, caller, site, error)

    def object(self, request: Request, caller: Caller) -> Reply:
        """Answer for an object: itself, or for a directory its index or a listing."""
        plain = _of(request, self._objects.head, self._objects.get)
        site = self._site(request, caller)
        if site is None:
            return plain(request, caller)
        try:
            with refusals.translated():
                self._check_no_directory(request, caller, site)
                return plain(request, caller)
        except errors.NovaboxError as error:
            if error.status != 404 or not (site.index or site.has_listings):
                return self._error(request, caller, site, error)
            return self._directory(request, caller, site, error)

    def _site(self, request: Request, caller: Caller) -> Site | None:
        wants_it = request.headers.get("x-web-mode", "").lower() in headers.TRUE
        if not (caller.is_anonymous or (wants_it and caller.signed is None)):
            return None
        try:
            info = self._store.head_container(request.path["account"], request.path["container"])
        except stored.StoreError:
            return None
        return Site.of(info.metadata)

    def _check_no_directory(self, request: Request, caller: Caller, site: Site) -> None:
        """Raise ObjectNotFound for an object that only marks a directory."""
        name = _name(request, request.path["object"])
        access.check(self._store, caller, Deed.READ_OBJECT, name=name)
        record = self._store.head_object(name)
        if record.size_bytes <= 1 and record.content_type == site.directory_type:
            raise stored.ObjectNotFound(f"object {name} is a directory")

    def _directory(
        self, request: Request, caller: Caller, site: Site, error: errors.NovaboxError
    ) -> Reply:
        """Answer for a name that others begin with: index, listing, or where to find them."""
        path = request.path["object"]
        if path.endswith("/"):
            if (reply := self._index(request, caller, site, below=path)) is not None:
                return reply
            try:
                return self._listing(request, caller, site, prefix=path)
            except errors.NovaboxError as failure:
                return self._error(request, caller, site, failure)
        if self._has_below(request, caller, f"{path}/"):
            return _moved(request)
        return self._error(request, caller, site, error)

    def _index(self, request: Request, caller: Caller, site: Site, *, below: str) -> Reply | None:
        """Answer with the index below a path, or None if there is none."""
        if not site.index:
            return None
        inner = replace(request, path={**request.path, "object": f"{below}{site.index}"})
        try:
            with refusals.translated():
                return _of(request, self._objects.head, self._objects.get)(inner, caller)
        except errors.NovaboxError as error:
            if error.status == 404:
                return None
            return self._error(request, caller, site, error)

    def _has_below(self, request: Request, caller: Caller, prefix: str) -> bool:
        """Return whether anything is below a path; whoever may not list is told of nothing."""
        account, container = request.path["account"], request.path["container"]
        place = ObjectName(account, container, "")
        if not access.allows(self._store, caller, Deed.READ_OBJECT, name=place):
            return False
        query = Query(prefix=prefix, limit=1)
        return bool(self._store.list_container(account, container, query=query))

    def _listing(self, request: Request, caller: Caller, site: Site, *, prefix: str) -> Reply:
        """Answer with a page of links. Refuses who may not list, and a path with nothing below."""
        if not site.has_listings:
            raise Refused(404)
        account, container = request.path["account"], request.path["container"]
        place = ObjectName(account, container, "")
        access.check(self._store, caller, Deed.LIST, name=place)
        query = Query(prefix=prefix, delimiter="/", limit=_PAGE)
        rows = self._store.list_container(account, container, query=query)
        if prefix and not rows:
            raise Refused(404)
        body = _page(request, site, rows, prefix=prefix)
        return Reply(body=body, content_type=refusals.HTML)

    def _error(
        self, request: Request, caller: Caller, site: Site, error: errors.NovaboxError
    ) -> Reply:
        """Answer with the site's page for a status, `404error.html`, or raise `error`."""
        if not site.error:
            raise error
        inner = replace(
            request,
            path={**request.path, "object": f"{error.status}{site.error}"},
            headers={},
        )
        try:
            with refusals.translated():
                reply = _of(request, self._objects.head, self._objects.get)(inner, caller)
        except errors.NovaboxError:
            raise error from None
        return replace(reply, status=error.status)


def _of(request: Request, head: Handler, get: Handler) -> Handler:
    return head if request.method == "HEAD" else get


def _name(request: Request, path: str) -> ObjectName:
    return ObjectName(request.path["account"], request.path["container"], path)


def _moved(request: Request) -> Reply:
    """Send a browser to the same path with a slash, from which links lead on."""
    location = quote(request.url_path + "/")
    return Reply(status=301, headers={"Location": location}, content_type=refusals.HTML)


def _page(request: Request, site: Site, rows: list[Listed | Subdir], *, prefix: str) -> bytes:
    label = site.listings_label or request.path["container"]
    title = escape(f"Listing of {label}/{prefix}")
    css = _css(site.listings_css, prefix)
    lines = [_row(row, prefix) for row in rows if row.name != prefix]
    if prefix:
        lines.insert(
            0, '<tr class="item subdir"><td><a href="../">../</a></td><td></td><td></td></tr>'
        )
    return (
        f"<!DOCTYPE html>\n<html>\n<head>\n<title>{title}</title>\n{css}\n</head>\n<body>\n"
        f'<h1 id="title">{title}</h1>\n<table id="listing">\n'
        '<tr id="heading"><th class="name">Name</th><th class="size">Size</th>'
        '<th class="date">Date</th></tr>\n' + "\n".join(lines) + "\n</table>\n</body>\n</html>\n"
    ).encode()


def _css(path: str, prefix: str) -> str:
    if not path:
        return _STYLE
    if not path.startswith(("/", "http://", "https://")):
        path = "../" * prefix.count("/") + quote(path)
    return f'<link rel="stylesheet" type="text/css" href="{escape(path)}" />'


def _row(row: Listed | Subdir, prefix: str) -> str:
    shown = row.name.removeprefix(prefix)
    # "./": or the browser takes what is before a colon for a scheme
    link = f'<a href="{escape("./" + quote(shown))}">{escape(shown)}</a>'
    if isinstance(row, Subdir):
        return f'<tr class="item subdir"><td class="name">{link}</td><td></td><td></td></tr>'
    date = headers.iso_date(row.timestamp)[:19].replace("T", " ")
    size = headers.marks(row.content_type).get(headers.SIZE_MARK, str(row.size_bytes))
    return (
        f'<tr class="item"><td class="name">{link}</td><td class="size">{escape(size)}</td>'
        f'<td class="date">{date}</td></tr>'
    )
