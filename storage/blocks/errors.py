"""What a pool or an export may say no with."""

from collections.abc import Mapping


class BlockError(Exception):
    """The machine refused; `tried` says what was attempted. Nothing half-made is left."""

    def __init__(self, message: str, *, tried: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.tried = dict(tried or {})


class NoSpace(BlockError):
    """The pool is full."""


class Busy(BlockError):
    """Somebody still uses it."""
