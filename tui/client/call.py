"""One API call as a value: what is sent, and the line that shows it. Sends nothing itself."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

ServiceType = Literal[
    "identity", "compute", "image", "block-storage", "network", "object-store", "novabox"
]

_PREFIX_BY_SERVICE: Final[Mapping[ServiceType, str]] = {
    "identity": "/identity/v3",
    "compute": "/compute/v2.1",
    "image": "/image",
    "block-storage": "/volume/v3",
    "network": "/network",
    "object-store": "/v1/AUTH_PROJECT",
    "novabox": "/novabox/v1",
}

_ASKING: Final = ("/dry-runs/", "/paths")  # sent by POST, as what they ask about has a body


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request to one service of the catalog; ``path`` starts below its endpoint."""

    service: ServiceType
    method: str
    path: str
    body: Mapping[str, Any] | Sequence[Any] | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_safe(self) -> bool:
        """Whether it changes nothing: it reads, or asks what would be."""
        return self.method in ("GET", "HEAD") or (
            self.service == "novabox" and self.path.startswith(_ASKING)
        )

    def line(self) -> str:
        """Return the call as one readable line, with the URL's path on a stock novabox."""
        line = f"{self.method} {_PREFIX_BY_SERVICE[self.service]}{self.path}"
        line += "".join(f" -H '{name}: {value}'" for name, value in self.headers.items())
        return line if self.body is None else f"{line} {json.dumps(self.body, ensure_ascii=False)}"
