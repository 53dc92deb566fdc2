"""A guest's serial line, as the console wants it; who brings the bytes is not known here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol, TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Output:
    """Bytes of the guest; ``offset`` is the place of the first one since it was made.

    ``is_live`` is False for what was kept from before the console was opened.
    """

    offset: int
    data: bytes
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Booted:
    """The guest was started anew: what follows is another boot's."""

    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """The line broke; it is tried again in ``retry_s``, or for good when that is None."""

    reason: str
    retry_s: float | None


Heard: TypeAlias = Output | Booted | Lost


class Line(Protocol):
    """One serial line of one guest. Sending raises ClientError."""

    @property
    def offset(self) -> int:
        """The place after the last byte heard."""

    @property
    def writer(self) -> str:
        """Who else holds the keyboard, by name; "" when nobody or we do."""

    @property
    def is_ours(self) -> bool:
        """Whether we hold the keyboard: what we sent last was taken."""

    def listen(self) -> AsyncGenerator[Heard, None]:
        """Yield what was kept, then what comes, for as long as it is iterated."""

    async def send(self, data: bytes) -> None:
        """Type ``data``. Raises Refused with status 409 while another has the keyboard."""

    async def take_over(self) -> None:
        """Take the keyboard from whoever has it."""

    async def send_break(self) -> None:
        """Send a break, which Linux's SysRq listens to."""

    async def send_ctrl_alt_del(self) -> None:
        """Press Ctrl+Alt+Del, which Linux reboots at."""
