"""Which microversion a request wants, and saying which one answered (Nova, api_version_request.py).

2.1   the first
2.2   key pairs have a type; 201 for a new one, 204 for a deleted one
2.3   more OS-EXT-SRV-ATTR fields for administrators: reservation, kernel, ramdisk, user data
"""

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from appliance import errors
from services.http import endpoint
from services.http.endpoint import Reply, Request


class Version(NamedTuple):
    """A microversion; compares as numbers do."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


MIN: Final = Version(2, 1)
MAX: Final = Version(2, 3)

_HEADER: Final = "OpenStack-API-Version"
_OLD_HEADER: Final = "X-OpenStack-Nova-API-Version"
_FORM: Final = re.compile(r"([1-9]\d*)\.([1-9]\d*|0)")


class NotAcceptable(errors.NovaboxError):
    """A microversion that we do not answer."""

    status = 406


def wanted(request: Request) -> Version:
    """The microversion a request asks for; 2.1 when it names none.

    Raises BadRequest for what is no version, NotAcceptable for one out of our range.
    """
    text = _asked(request.headers)
    if text is None:
        return MIN
    if text == "latest":
        return MAX
    form = _FORM.fullmatch(text)
    if form is None:
        raise errors.BadRequest(
            f"API Version String {text} is of invalid format. Must be of format MajorNum.MinorNum."
        )
    version = Version(int(form[1]), int(form[2]))
    if not MIN <= version <= MAX:
        raise NotAcceptable(
            f"Version {version} is not supported by the API. Minimum is {MIN} and maximum is {MAX}."
        )
    return version


def answering(target: endpoint.Endpoint) -> endpoint.Endpoint:
    """The endpoint, checking the microversion first and naming it in its answer."""
    return dataclasses.replace(target, handler=_named(target.handler, target.status))


def _named(handler: Callable[..., Any], status: int) -> Callable[..., Any]:
    @functools.wraps(handler)
    def answer(request: Request, *body: Any) -> Reply:
        version = wanted(request)
        value = handler(request, *body)
        reply = value if isinstance(value, Reply) else Reply(body=value, status=status)
        names = {
            _HEADER: f"compute {version}",
            _OLD_HEADER: str(version),
            "Vary": f"{_HEADER}, {_OLD_HEADER}",
        }
        return dataclasses.replace(reply, headers={**reply.headers, **names})

    return answer


def _asked(headers: Mapping[str, str]) -> str | None:
    for part in headers.get(_HEADER, "").split(","):
        service, _, version = part.strip().partition(" ")
        if service == "compute":
            return version.strip()
    return headers.get(_OLD_HEADER)
