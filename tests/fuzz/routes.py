"""What there is to be asked: every method of every path of a face, from the face's own table."""

import re
from dataclasses import dataclass
from typing import Any, Final

from services.http import endpoint

_PARAMETER: Final = re.compile(r"\{(\w+)\}")
# a parameter whose noun is not the word before it in the path
_NOUNS: Final = {
    "member_id": "projects", "implied_id": "roles", "prior_id": "roles", "image_id": "images",
    "user_id": "users", "group_id": "groups", "role_id": "roles", "project_id": "projects",
    "trust_id": "trusts", "task_id": "tasks", "credential_id": "application_credentials",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path; `body` is what it decodes (None: nothing), `nouns` the plural of what
    each parameter names, `noun` that of what the path itself is about.
    """

    method: str
    path: str
    body: Any
    streams: bool
    media_type: str
    nouns: tuple[tuple[str, str], ...]
    noun: str

    @property
    def name(self) -> str:
        """As samples and findings call it: `POST /identity/v3/users`."""
        return f"{self.method} {self.path}"


def of(*faces: endpoint.Face) -> tuple[Route, ...]:
    """Every route of these faces, in the order of their tables."""
    return tuple(
        _route(method, face.prefix + line.path, target)
        for face in faces
        for line in face.paths
        for method, target in line.endpoints.items()
    )


def _route(method: str, path: str, target: endpoint.Endpoint) -> Route:
    words = [word for word in path.split("/") if word]
    nouns = []
    for place, word in enumerate(words):
        if found := _PARAMETER.fullmatch(word):
            nouns.append((found[1], _NOUNS.get(found[1], words[place - 1])))
    plain = [word for word in words if not _PARAMETER.fullmatch(word)]
    return Route(
        method=method, path=path, body=target.body, streams=target.streams,
        media_type=target.media_types[0], nouns=tuple(nouns), noun=plain[-1],
    )  # fmt: skip
