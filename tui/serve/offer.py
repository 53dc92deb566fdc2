"""What is served, to how many; decided once, at the start."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tui.client.credentials import Credentials
from tui.client.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """Logins of the cloud at ``auth_url``, with ``tabs_max`` tabs altogether.

    ``public_url`` is where browsers find it when something stands in front of it. ``is_confined``:
    where root serves, each login's processes run under a number of their own.
    """

    auth_url: str
    project: str = ""
    tabs_max: int = 16
    is_tls: bool = False
    is_confined: bool = True
    public_url: str = ""
    tui_options: tuple[str, ...] = ()
    now_s: Callable[[], float] = field(default=time.monotonic)
    open_session: Callable[[Credentials], Session] = Session

    @property
    def is_seen_as_tls(self) -> bool:
        """Whether browsers come by https, here or in front of here."""
        return self.public_url.startswith("https:") or self.is_tls

    def origin(self, host: str) -> str:
        """Return the origin of our own pages, as a browser names it that asked ``host``."""
        return self.public_url.rstrip("/") or f"{'https' if self.is_tls else 'http'}://{host}"
