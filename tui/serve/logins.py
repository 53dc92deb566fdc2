"""Who is logged in by which cookie, for how long, in how many tabs; knows no HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tui.client.credentials import Credentials
    from tui.serve.process import TuiProcess

LASTS_S: Final = 12 * 3600.0  # a working day
IDLE_S: Final = 1800.0  # without a tab
LOGINS_MAX: Final = 64
TABS_MAX: Final = 4  # of one login: each is a process of 35 MiB
_FIRST_UID: Final = 60_600  # between the ranges that systemd gives away: nobody's


@dataclass(slots=True, kw_only=True, eq=False)
class Login:
    """One logged-in browser. ``uid`` is the number its processes run under where root serves."""

    id: str
    who: Credentials
    uid: int
    ends_at_s: float
    used_at_s: float
    tabs: set[TuiProcess] = field(default_factory=set)


class Logins:
    """The logins of this server; they end with it."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._by_id: dict[str, Login] = {}

    def open(self, who: Credentials) -> Login | None:
        """Return a new login for ``who``, or None when there are as many as there may be."""
        if len(self._by_id) >= LOGINS_MAX:
            return None
        taken = {login.uid for login in self._by_id.values()}
        login = Login(
            id=secrets.token_urlsafe(32),
            who=who,
            uid=next(uid for uid in range(_FIRST_UID, _FIRST_UID + LOGINS_MAX) if uid not in taken),
            ends_at_s=self._now_s() + LASTS_S,
            used_at_s=self._now_s(),
        )
        self._by_id[login.id] = login
        return login

    def find(self, login_id: str) -> Login | None:
        """Return the login with this cookie, if it has not ended; it counts as used now."""
        login = self._by_id.get(login_id)
        if login is None or self._is_over(login):
            return None
        login.used_at_s = self._now_s()
        return login

    def close(self, login: Login) -> None:
        """Forget the login and its password; its tabs are the caller's to end."""
        self._by_id.pop(login.id, None)

    def all(self) -> list[Login]:
        """Return every login that was not closed."""
        return list(self._by_id.values())

    def over(self) -> list[Login]:
        """Return the logins whose time is over."""
        return [login for login in self._by_id.values() if self._is_over(login)]

    def tab_count(self) -> int:
        """Return how many tabs there are altogether."""
        return sum(len(login.tabs) for login in self._by_id.values())

    def _is_over(self, login: Login) -> bool:
        now_s = self._now_s()
        is_idle = not login.tabs and now_s - login.used_at_s > IDLE_S
        return now_s >= login.ends_at_s or is_idle
