"""The three sets of signs a terminal may have; every sign on a screen comes from here.

``unicode`` for terminal emulators, ``tty`` for the Linux console (only what Debian's
``Lat15-Fixed16`` font has), ``ascii`` for anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

Meaning = Literal["good", "busy", "off", "attention", "failed", "unknown"]
Name = Literal["unicode", "tty", "ascii"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One set of signs. States are always shown as sign and word, colour comes last."""

    name: Name

    good: str = "●"
    busy: str = "▒"
    off: str = "■"
    attention: str = "▲"
    failed: str = "✗"
    unknown: str = "?"

    cursor: str = "▶"
    mark: str = "x"
    crumb: str = "▸"
    dot: str = "·"
    ellipsis: str = "…"
    arrow: str = "→"

    times: str = "×"
    axis: str = "┤"
    ahead: str = "╌"

    bar_full: str = "█"
    bar_half: str = "▒"
    bar_empty: str = "░"

    branch: str = "└─"
    up: str = "↑"
    down: str = "↓"

    twig: str = "├─ "
    twig_last: str = "└─ "
    trunk: str = "│  "

    lane: str = "┊"
    lane_end: str = "│"
    wire: str = "─"
    crossing: str = "┼"
    arrow_right: str = "▶"
    arrow_left: str = "◀"
    sender: str = "●"
    work: str = "■"

    def state(self, meaning: Meaning) -> str:
        """Return the sign of a state."""
        sign: str = getattr(self, meaning)
        return sign

    def bar(self, share: float, *, width: int) -> str:
        """Return a bar ``width`` cells wide; any share above 0 shows at least one full cell."""
        full = min(width, max(round(share * width), 1 if share > 0 else 0))
        return self.bar_full * full + self.bar_empty * (width - full)


UNICODE: Final = Glyphs(name="unicode")
TTY: Final = replace(UNICODE, name="tty")
ASCII: Final = Glyphs(
    name="ascii",
    good="*",
    busy="%",
    off="-",
    attention="!",
    failed="X",
    cursor=">",
    crumb=">",
    dot="|",
    ellipsis="~",
    arrow="->",
    times="x",
    axis="|",
    ahead="-",
    bar_full="#",
    bar_half="+",
    bar_empty=".",
    branch="`-",
    up="^",
    down="v",
    twig="|- ",
    twig_last="`- ",
    trunk="|  ",
    lane=":",
    lane_end="|",
    wire="-",
    crossing="+",
    arrow_right=">",
    arrow_left="<",
    sender="o",
    work="#",
)

SETS: Final[Mapping[str, Glyphs]] = {"unicode": UNICODE, "tty": TTY, "ascii": ASCII}


def choose(wanted: str, environ: Mapping[str, str]) -> Glyphs:
    """Return the set named ``wanted``; ``auto`` reads TERM and the locale's encoding."""
    if wanted in SETS:
        return SETS[wanted]
    if _is_coerced(environ):
        return ASCII
    locale = environ.get("LC_ALL") or environ.get("LC_CTYPE") or environ.get("LANG") or ""
    if "UTF-8" not in locale.upper().replace("UTF8", "UTF-8"):
        return ASCII
    return TTY if environ.get("TERM") == "linux" else UNICODE


def _is_coerced(environ: Mapping[str, str]) -> bool:
    """Whether Python itself said UTF-8 where the user said C, or nothing (PEP 538)."""
    said = environ.get("LC_ALL") or environ.get("LANG") or "C"
    return environ.get("LC_CTYPE") == "C.UTF-8" and said in ("C", "POSIX")
