"""Requests that are nearly right, one after another, and what is wrong with the answers.

Much of each request is what a client would send: ids come from answers, bodies from samples. What
the cloud had at its start is referred to, but neither changed nor deleted: whoever fuzzes needs it
to be let in.
"""

import json
import random
import re
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode

from tests.fuzz import samples, spoiling
from tests.fuzz.routes import Route
from tests.services.image import disks

SLOW_S: Final = 5.0  # an answer that takes longer has hung
_READ_BYTES_MAX: Final = 1 << 20  # of a larger body nobody need see how it is refused
_POOL_MAX: Final = 40  # ids of a noun that are remembered
_CHANGES: Final = frozenset({"PATCH", "DELETE", "POST"})
_PLACE: Final = re.compile(r"<(\w+)>")
_NAMED_BY: Final = {
    "namespaces": "namespace", "OS-EC2": "access", "objects": "name", "properties": "name",
    "tags": "name",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `length_bytes` is what Content-Length says, when that is not the truth."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    length_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer; status 0 when there was none."""

    status: int
    body: bytes
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """An answer that nobody should get."""

    route: str
    why: str
    asked: Asked

    def __str__(self) -> str:
        body = f" {self.asked.body[:300]!r}" if self.asked.body else ""
        return f"{self.route}: {self.why}\n    {self.asked.method} {self.asked.url[:300]}{body}"


class Asker(Protocol):
    """Whoever brings a request to the APIs."""

    def __call__(self, asked: Asked) -> Answered:
        """The answer."""
        ...


class Fuzzer:
    """Asks by chance; the same seed asks the same, as far as the answers are the same."""

    def __init__(
        self, routes: Sequence[Route], ask: Asker, *, tokens: Mapping[str, str], seed: int
    ) -> None:
        self._routes = routes
        self._weights = [_weight(route) for route in routes]
        self._ask = ask
        self._chance = random.Random(seed)
        self.tokens = dict(tokens)
        self._fixed: dict[str, list[str]] = {}
        self._pool: dict[str, list[str]] = defaultdict(list)
        self.asked_by_status: dict[int, int] = defaultdict(int)
        self.slowest_s, self.slowest_route = 0.0, ""
        self._learn_what_is_there()

    def run(self) -> Iterator[Finding | None]:
        """One request after another, for as long as somebody asks; what is wrong with each."""
        while True:
            (route,) = self._chance.choices(self._routes, self._weights)
            asked = self._request(route)
            answered = self._ask(asked)
            self.asked_by_status[answered.status] += 1
            if answered.seconds > self.slowest_s:
                self.slowest_s, self.slowest_route = answered.seconds, route.name
            self._learn(route, answered)
            yield _judged(route, asked, answered)

    def _learn_what_is_there(self) -> None:
        plain = [each for each in self._routes if each.method == "GET" and not each.nouns]
        headers = {"X-Auth-Token": self.tokens["admin"]}
        for route in plain:
            self._learn(route, self._ask(Asked(method="GET", url=route.path, headers=headers)))
        self._fixed = {noun: list(found) for noun, found in self._pool.items()}
        self._pool.clear()

    def _learn(self, route: Route, answered: Answered) -> None:
        if answered.status not in (200, 201, 202) or route.method not in ("GET", "POST", "PUT"):
            return
        try:
            document = json.loads(answered.body)
        except ValueError:
            return
        pool = self._pool[route.noun]
        for one in _nouns(document, _NAMED_BY.get(route.noun, "id")):
            if one not in pool and one not in self._fixed.get(route.noun, ()):
                pool.append(one)
        del pool[:-_POOL_MAX]

    def _request(self, route: Route) -> Asked:
        url = route.path
        for name, noun in route.nouns:
            url = url.replace(f"{{{name}}}", quote(self._name(noun, route.method), safe=""), 1)
        if self._chance.random() < 0.3:
            url += f"?{self._query()}"
        body, kind, length_bytes = self._body(route)
        headers = {"X-Auth-Token": self._token()} | ({"Content-Type": kind} if kind else {})
        if self._chance.random() < 0.2:
            word = spoiling.text(self._chance)[:5000].encode("latin-1", "ignore").decode("latin-1")
            word = re.sub(r"[\0-\x1f\x7f]", "", word).strip()
            headers[self._chance.choice(samples.HEADERS)] = word
        if route.path == "/identity/v3/auth/tokens" and self._chance.random() < 0.8:
            headers["X-Subject-Token"] = self._chance.choice([*self.tokens.values()])
            if route.method == "DELETE":
                headers["X-Subject-Token"] = "gone"
        return Asked(
            method=route.method, url=url, headers=headers, body=body, length_bytes=length_bytes
        )

    def _name(self, noun: str, method: str = "GET") -> str:
        """An id for a path or a body; what was there first is not to be changed."""
        if noun == "new":
            return str(uuid.UUID(int=self._chance.getrandbits(128), version=4))
        if self._chance.random() < 0.15:
            word = spoiling.text(self._chance)[:2000]
            is_needed = method in _CHANGES and word in self._fixed.get(noun, ())
            return "nobody" if is_needed else word
        if noun == "tokens":
            return self._chance.choice(list(self.tokens.values()))
        if noun == "stores":
            return self._chance.choice(("file", "swift", "http"))
        fixed = [] if method in _CHANGES else self._fixed.get(noun, [])
        return self._chance.choice([*self._pool[noun], *fixed] or ["nobody"])

    def _token(self) -> str:
        if self._chance.random() < 0.05:
            word = spoiling.text(self._chance)[:200].encode("ascii", "ignore").decode()
            return re.sub(r"[\0-\x1f\x7f]", "", word).strip()
        admin_or_not = (self.tokens["admin"],) * 3 + tuple(self.tokens.values())
        return self._chance.choice(admin_or_not)

    def _query(self) -> str:
        if self._chance.random() < 0.1:
            return self._chance.choice(("%ff=%zz", "&&&=", "a[]=1", "limit", "=x", "%00=%00"))
        names = [
            self._chance.choice(samples.QUERY_NAMES) for _ in range(self._chance.randint(1, 3))
        ]
        return urlencode([(name, spoiling.text(self._chance)[:2000]) for name in names])

    def _body(self, route: Route) -> tuple[bytes | None, str, int | None]:
        """A body, its media type, and a lie about its length."""
        if route.streams:
            data = self._chance.choice((disks.raw(1000), disks.qcow2(), disks.vdi(), b""))
            kind = "application/octet-stream"
            return data, kind, len(data) + 99 if self._chance.random() < 0.2 else None
        if route.body is None:
            return None, "", None
        document = self._filled(self._chance.choice(samples.BODIES[route.name]))
        body = spoiling.encoded(spoiling.spoiled(document, self._chance), self._chance)
        return body, route.media_type, None

    def _filled(self, document: Any) -> Any:
        """The sample with somebody's ids in it, and names that are not taken yet."""
        if isinstance(document, dict):
            return {key: self._filled(value) for key, value in document.items()}
        if isinstance(document, list):
            return [self._filled(value) for value in document]
        if isinstance(document, str) and (place := _PLACE.fullmatch(document)):
            return self._name(place[1])
        if isinstance(document, str) and document in ("d", "p", "u", "g", "r", "OS::Fuzz::"):
            return f"{document}{self._chance.randrange(10_000)}"
        return document


def _weight(route: Route) -> int:
    """Bodies can be wrong in most ways, then the queries of lists; a schema is always the same."""
    if route.body is not None:
        return 12
    return 1 if "/schemas/" in route.path else 6 if route.noun in ("images", "tasks") else 3


def _judged(route: Route, asked: Asked, answered: Answered) -> Finding | None:
    why = ""
    if answered.status >= 500:
        why = f"{answered.status} {answered.body[:300]!r}"
    elif answered.status == 0 and not _is_cut_off(asked):
        why = f"no answer: {answered.body.decode()}"
    elif answered.seconds > SLOW_S:
        why = f"answered after {answered.seconds:.1f} s"
    return Finding(route=route.name, why=why, asked=asked) if why else None


def _is_cut_off(asked: Asked) -> bool:
    """Whether the client went away, or was sent away while it was still sending."""
    return asked.length_bytes is not None or len(asked.body or b"") > _READ_BYTES_MAX


def _nouns(document: Any, named_by: str) -> Iterator[str]:
    """What the objects in an answer are named by, however deep they are."""
    if isinstance(document, dict):
        if isinstance(document.get(named_by), str):
            yield document[named_by]
        for value in document.values():
            yield from _nouns(value, named_by)
    elif isinstance(document, list):
        for value in document:
            yield from _nouns(value, named_by)
