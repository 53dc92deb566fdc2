"""A request's headers, looked up in a dictionary: a request asks for twenty of its few.

Starlette's own walks through all of them, and compares bytes, for each.
"""

from typing import TypeVar, overload

from starlette import datastructures
from starlette.types import Scope

T = TypeVar("T")


class Headers(datastructures.Headers):
    """As Starlette's, names in any case; of a name given twice, the first value."""

    def __init__(self, scope: Scope) -> None:
        super().__init__(scope=scope)
        self._first = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(self.raw)
        }

    def __getitem__(self, key: str) -> str:
        return self._first[key.lower()]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.lower() in self._first

    @overload
    def get(self, key: str, /) -> str | None: ...

    @overload
    def get(self, key: str, /, default: str | T) -> str | T: ...

    def get(self, key: str, /, default: T | None = None) -> str | T | None:
        """The value, or `default`."""
        return self._first.get(key.lower(), default)
