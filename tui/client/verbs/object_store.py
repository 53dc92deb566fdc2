"""The calls of Swift that this client makes; paths begin below the project's account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from tui.client.call import Call

LISTED_MAX: Final = 10_000  # Swift's own limit of a page
READ_BY_ALL: Final = ".r:*,.rlistings"


def containers() -> Call:
    """List the containers of the account."""
    return _call("GET", f"?format=json&limit={LISTED_MAX}")


def objects(container: str, prefix: str = "") -> Call:
    """List what is in a container below ``prefix``, with folders for what has more slashes."""
    query = {"format": "json", "delimiter": "/", "prefix": prefix, "limit": LISTED_MAX}
    return _call("GET", f"{path(container)}?{urlencode(query)}")


def create_container(container: str) -> Call:
    """Make a container, or nothing where it is already."""
    return _call("PUT", path(container))


def delete_container(container: str) -> Call:
    """Remove an empty container."""
    return _call("DELETE", path(container))


def set_container(container: str, headers: Mapping[str, str]) -> Call:
    """Change what is noted on a container; an empty value takes away."""
    return _call("POST", path(container), headers)


def head(container: str, name: str = "") -> Call:
    """Ask what is noted on a container or an object."""
    return _call("HEAD", path(container, name))


def get_object(container: str, name: str) -> Call:
    """Read an object: goes with ``Session.stream``."""
    return _call("GET", path(container, name))


def manifest(container: str, name: str) -> Call:
    """Get the segments of a large object."""
    return _call("GET", f"{path(container, name)}?multipart-manifest=get&format=json")


def put_object(container: str, name: str) -> Call:
    """Write an object: goes with ``Session.upload``."""
    return _call("PUT", path(container, name))


def set_object(container: str, name: str, headers: Mapping[str, str]) -> Call:
    """Set all that is noted on an object; what is left out is gone."""
    return _call("POST", path(container, name), headers)


def copy_object(container: str, name: str, *, to: str) -> Call:
    """Copy an object to ``to``, a container and a name with a slash between."""
    source = f"/{quote(container)}/{quote(name)}"
    to_container, _, to_name = to.strip("/").partition("/")
    return _call("PUT", path(to_container, to_name or name), {"X-Copy-From": source})


def delete_object(container: str, name: str) -> Call:
    """Delete an object, of a large one its segments too."""
    return _call("DELETE", f"{path(container, name)}?multipart-manifest=delete")


def path(container: str, name: str = "") -> str:
    """Return the path of a container or an object below its account."""
    return f"/{quote(container, safe='')}" + (f"/{quote(name)}" if name else "")


def _call(method: str, where: str, headers: Mapping[str, str] | None = None) -> Call:
    return Call(service="object-store", method=method, path=where, headers=headers or {})
