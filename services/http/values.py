"""Values that clients send in more than one form: numbers as text, booleans in words."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

import msgspec
from msgspec import UNSET, Meta, Struct

from appliance import errors

Limit = Annotated[int, Meta(ge=-1, le=2**31 - 1)]  # of a quota; -1: none
_NUMBER: Final = Annotated[int, Meta(ge=0, le=2**31 - 1)]
_TRUE: Final = frozenset({"1", "t", "true", "on", "y", "yes"})  # oslo.utils, strutils
_FALSE: Final = frozenset({"0", "f", "false", "off", "n", "no", ""})


def number(name: str, value: int | str) -> int:
    """A number that is not negative. Raises BadRequest."""
    try:
        found: int = msgspec.convert(value, _NUMBER, strict=False)
    except msgspec.ValidationError as error:
        raise _invalid(name, value, str(error)) from error
    return found


def flag(name: str, value: bool | int | str) -> bool:
    """A boolean. Raises BadRequest."""
    text = str(value).strip().lower()
    if text not in _TRUE | _FALSE:
        raise _invalid(name, value, "It is neither true nor false.")
    return text in _TRUE


def given(body: Struct, names: Iterable[str]) -> dict[str, int]:
    """Those of the body's numbers `names` that were sent."""
    found = {name: getattr(body, name) for name in names}
    return {name: value for name, value in found.items() if value is not UNSET}


def _invalid(name: str, value: Any, why: str) -> errors.BadRequest:
    return errors.BadRequest(f"Invalid input for field/attribute {name}. Value: {value}. {why}")
