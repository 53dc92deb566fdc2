"""The two pages and what they load, and the headers that keep a browser from loading more."""

from __future__ import annotations

import html
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

STATIC: Final = Path(str(resources.files("textual_serve") / "static"))
"""xterm.js with textual-serve's client, its style and its font, as installed: no copy of ours."""
FONT: Final = STATIC / "fonts" / "RobotoMono-VariableFont_wght.ttf"

HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "; ".join((
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # xterm.js writes its theme into a style element
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # with less, forms say that they come from nowhere
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}  # fmt: skip


def read(name: str) -> str:
    """Return one of our files as it is."""
    return (resources.files("tui.serve") / "files" / name).read_text()


def fill(name: str, **values: str) -> str:
    """Return one of our pages with ``values``, each made harmless."""
    return Template(read(name)).substitute(
        {key: html.escape(value, quote=True) for key, value in values.items()}
    )


def login(*, reason: str = "", user: str = "", project: str = "", domain: str = "Default") -> str:
    """Return the page that asks who comes, with the ``reason`` why it asks again."""
    alert = f'<p role="alert">{html.escape(reason)}</p>' if reason else ""
    page = Template(fill("login.html", user=user, project=project, domain=domain, reason="$reason"))
    return page.safe_substitute(reason=alert)
