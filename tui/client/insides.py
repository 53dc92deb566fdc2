"""From the JSON of x-rays and paths to values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tui.client.decode import convert
from tui.client.nouns.xray import Part, Path


def xray(body: Any) -> Part:
    """Read ``GET /xray/{kind}/{id}``. Raises Unreadable."""
    return convert(body, _Xray).xray


def path(body: Any) -> Path:
    """Read ``POST /paths``. Raises Unreadable."""
    return convert(body, _Path).path


@dataclass(frozen=True, slots=True, kw_only=True)
class _Xray:
    xray: Part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Path:
    path: Path
