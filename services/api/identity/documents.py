"""Identity's request bodies: `{"user": {…}}`, what is known checked, all else kept as its `extra`.

A field has one JSON type; what is not known to us is the client's own, and is echoed to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from appliance import errors

Body = dict[str, Any]  # a decoded request body, whole

_WORDS: Final = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    list: "a list",
    dict: "an object",
}
_NEVER_KEPT: Final = frozenset({"id", "links"})  # ours to say, ignored when a client does
_NESTED_MAX: Final = 16  # levels of an attribute that is not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """What one attribute must be. `name` is the model's, where that is not the API's."""

    kind: type
    name: str = ""
    is_null_ok: bool = False
    chars_min: int = 0
    chars_max: int = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a body says: `known` by the model's names, and `extra`."""

    known: dict[str, Any] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)


NAME: Final = Field(kind=str, chars_min=1, chars_max=255)
SHORT_NAME: Final = Field(kind=str, chars_min=1, chars_max=64)  # of domains and projects
TEXT: Final = Field(kind=str, is_null_ok=True)
ENABLED: Final = Field(kind=bool, name="is_enabled")
ID: Final = Field(kind=str, chars_min=1, chars_max=64)
ID_OR_NULL: Final = Field(kind=str, is_null_ok=True, chars_max=64)


def read(
    body: Body, noun: str, fields: Mapping[str, Field], *, required: tuple[str, ...] = ()
) -> Said:
    """What the object under `noun` says. Raises BadRequest: it is missing, or a type is wrong."""
    inner = body.get(noun)
    if not isinstance(inner, dict):
        raise errors.BadRequest(f"'{noun}' is a required property, and an object.")
    said = Said()
    for name in required:
        if name not in inner:
            raise errors.BadRequest(f"'{name}' is a required property.")
    for name, value in inner.items():
        known = fields.get(name)
        if known is not None:
            said.known[known.name or name] = checked(name, value, known)
        elif name not in _NEVER_KEPT:
            said.extra[name] = _plain(name, value)
    return said


def checked(name: str, value: Any, wanted: Field) -> Any:
    """The value as the model keeps it: a bool is 0 or 1. Raises BadRequest."""
    if value is None and wanted.is_null_ok:
        return None
    if type(value) is not wanted.kind:
        raise errors.BadRequest(
            f"Invalid input for field '{name}': {_shown(value)} is not {_WORDS[wanted.kind]}."
        )
    if isinstance(value, str) and not _fits(value, wanted):
        raise errors.BadRequest(
            f"Invalid input for field '{name}': a text of {wanted.chars_min} to "
            f"{wanted.chars_max} characters, not only blanks; this one has {len(value)}."
        )
    return int(value is True) if wanted.kind is bool else value


def flag(query: Mapping[str, str], name: str) -> bool | None:
    """A filter such as `enabled`: false for `0`, `false`, `no`, `off`; None when not asked for.

    Keystone takes anything else, the empty text too, for true.
    """
    if name not in query:
        return None
    return query[name].lower() not in ("0", "false", "no", "off", "n", "f")


def _plain(name: str, value: Any, level: int = 0) -> Any:
    """The value, which can be written and read without end of the stack. Raises BadRequest."""
    if isinstance(value, dict | list):
        if level == _NESTED_MAX:
            raise errors.BadRequest(
                f"Invalid input for field '{name}': nested deeper than {_NESTED_MAX} levels."
            )
        for each in value.values() if isinstance(value, dict) else value:
            _plain(name, each, level + 1)
    return value


def _fits(text: str, wanted: Field) -> bool:
    is_blank = wanted.chars_min > 0 and not text.strip()
    return wanted.chars_min <= len(text) <= wanted.chars_max and not is_blank


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return _WORDS[type(value)]
    return repr(value)[:100]
