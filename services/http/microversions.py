"""Which microversion of an API a request wants, and saying which one answered (OpenStack API-WG).

What a microversion changes is for its API to know.
"""

import dataclasses
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from appliance import errors
from services.http import endpoint
from services.http.endpoint import Reply, Request

_HEADER: Final = "OpenStack-API-Version"
_FORM: Final = re.compile(r"([1-9]\d{0,8})\.([1-9]\d{0,8}|0)")


class Version(NamedTuple):
    """A microversion; compares as numbers do."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class NotAcceptable(errors.NovaboxError):
    """A microversion that we do not answer."""

    status = 406


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """The microversions that one service answers; `old_header` is one that only it reads."""

    service: str
    least: Version
    most: Version
    old_header: str = ""

    def wanted(self, request: Request) -> Version:
        """The microversion a request asks for; the least when it names none.

        Raises BadRequest for what is no version, NotAcceptable for one out of the range.
        """
        text = self._asked(request.headers)
        if text is None:
            return self.least
        if text == "latest":
            return self.most
        form = _FORM.fullmatch(text)
        if form is None:
            raise errors.BadRequest(
                f"API Version String {text} is of invalid format. "
                f"Must be of format MajorNum.MinorNum."
            )
        version = Version(int(form[1]), int(form[2]))
        if not self.least <= version <= self.most:
            raise NotAcceptable(
                f"Version {version} is not supported by the API. "
                f"Minimum is {self.least} and maximum is {self.most}."
            )
        return version

    def answering(self, target: endpoint.Endpoint) -> endpoint.Endpoint:
        """The endpoint, checking the microversion first and naming it in its answer."""
        return dataclasses.replace(target, handler=self._named(target.handler, target.status))

    def _named(self, handler: Callable[..., Any], status: int) -> Callable[..., Any]:
        @functools.wraps(handler)
        def answer(request: Request, *body: Any) -> Reply:
            version = self.wanted(request)
            value = handler(request, *body)
            reply = value if isinstance(value, Reply) else Reply(body=value, status=status)
            return dataclasses.replace(reply, headers={**reply.headers, **self._names(version)})

        return answer

    def _names(self, version: Version) -> dict[str, str]:
        names = {_HEADER: f"{self.service} {version}", "Vary": _HEADER}
        if self.old_header:
            names |= {self.old_header: str(version), "Vary": f"{_HEADER}, {self.old_header}"}
        return names

    def _asked(self, headers: Mapping[str, str]) -> str | None:
        for part in headers.get(_HEADER, "").split(","):
            service, _, version = part.strip().partition(" ")
            if service == self.service:
                return version.strip()
        return headers.get(self.old_header) if self.old_header else None
