"""The ring's devices as the configuration names them: a folder, its weight, its zone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath
from typing import Final

from appliance import errors
from storage.objects.ring import Wish

_FORM: Final = "`/folder`, `/folder weight=2` or `/folder weight=2 zone=name`"


def parse(texts: Iterable[str]) -> list[Wish]:
    """Return the devices that are named. Raises ConfigError."""
    return [_parse(text) for text in texts]


def _parse(text: str) -> Wish:
    directory, *said = text.split() or [""]
    facts = dict(part.partition("=")[::2] for part in said)
    weight, zone = facts.pop("weight", "1"), facts.pop("zone", "")
    if facts or not PurePath(directory).is_absolute():
        raise errors.ConfigError(f"object.devices: {text!r} is not of the form {_FORM}")
    try:
        return Wish(directory=directory, weight=float(weight), zone=zone)
    except ValueError as error:
        raise errors.ConfigError(f"object.devices: {text!r}: weight is no number") from error
