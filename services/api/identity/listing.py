"""How Keystone writes its nouns: one, and many with links."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from services.http.endpoint import Request

N = TypeVar("N")
Json = dict[str, Any]
View = Callable[[N, Request], Json]


def of(name: str, nouns: Iterable[N], view: View[N], *, request: Request) -> Json:
    """A list, under its name, with links."""
    return {name: [view(noun, request) for noun in nouns], "links": links(request)}


def links(request: Request) -> Json:
    """Links of a list that is always whole."""
    query = urlencode(request.pairs)
    url = f"{request.origin}{quote(request.url_path)}{'?' if query else ''}{query}"
    return {"self": url, "previous": None, "next": None}


def own(request: Request, path: str) -> Json:
    """The link of one noun; `path` is below `/identity/v3/`."""
    return {"self": f"{request.origin}/identity/v3/{quote(path)}"}
