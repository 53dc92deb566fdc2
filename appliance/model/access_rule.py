"""What a token of an application credential may call, where the credential says so."""

import functools
import re
from dataclasses import dataclass
from typing import Final

# names that a service had before, as clients still write them (OpenStack, service types authority)
_ALIASES: Final = {"volumev3": "block-storage", "volume": "block-storage"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRule:
    """One row of `access_rules`: a service's type in the catalog, an HTTP method, and a path.

    In the path `*` is one segment, `**` any number, and `{name}` one (Keystone's access rules).
    """

    id: str
    service: str
    method: str
    path: str

    def allows(self, *, service: str, method: str, path: str) -> bool:
        """Whether a call is the one that the rule is about; `path` as the service sees it."""
        return (
            _ALIASES.get(self.service, self.service) == service
            and self.method.upper() == method
            and _pattern(self.path).fullmatch(path) is not None
        )


@functools.lru_cache(maxsize=1000)
def _pattern(path: str) -> re.Pattern[str]:
    """A rule's path as a regular expression."""
    parts = re.split(r"(\*\*|\*|\{[^}/]*\})", path)
    return re.compile(
        "".join(
            re.escape(part) if place % 2 == 0 else ".*" if part == "**" else "[^/]+"
            for place, part in enumerate(parts)
        )
    )
