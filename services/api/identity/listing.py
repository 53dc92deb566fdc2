"""How Keystone writes its nouns: one, and many with links."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from services.http.endpoint import Request

N = TypeVar("N")
Json = dict[str, Any]
View = Callable[[N, Request], Json]
_COMPARED: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "contains": str.__contains__, "startswith": str.startswith, "endswith": str.endswith,
}  # fmt: skip


def of(name: str, nouns: Iterable[N], view: View[N], *, request: Request) -> Json:
    """A list, under its name, with links; of those that the query's inexact filters let through.

    `name__contains=web`, `name__istartswith=Web`, … (Keystone v3, "Filtering and Searching").
    """
    shown = (view(noun, request) for noun in nouns)
    return {name: [one for one in shown if _is_asked(one, request)], "links": links(request)}


def _is_asked(shown: Json, request: Request) -> bool:
    for key, wanted in request.pairs:
        field, _, how = key.partition("__")
        compare, value = _COMPARED.get(how.removeprefix("i")), shown.get(field)
        if compare is None or not isinstance(value, str):
            continue
        if how.startswith("i"):
            value, wanted = value.casefold(), wanted.casefold()
        if not compare(value, wanted):
            return False
    return True


def links(request: Request) -> Json:
    """Links of a list that is always whole."""
    query = urlencode(request.pairs)
    url = f"{request.origin}{quote(request.url_path)}{'?' if query else ''}{query}"
    return {"self": url, "previous": None, "next": None}


def own(request: Request, path: str) -> Json:
    """The link of one noun; `path` is below `/identity/v3/`."""
    return {"self": f"{request.origin}/identity/v3/{quote(path)}"}
