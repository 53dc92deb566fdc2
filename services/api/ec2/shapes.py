"""What requests and answers of EC2's actions are made of: the table in `shapes.json`.

Names are botocore's, so that whoever knows boto3 reads our actions. Old spellings and what today's
model lacks stand in `spellings.py`.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

PATH: Final = Path(__file__).with_name("shapes.json")
SCALARS: Final = frozenset({"string", "integer", "number", "boolean", "timestamp", "blob"})


class Member(msgspec.Struct, array_like=True, frozen=True):
    """A structure's member: its type, its name in a request and its name in an answer."""

    type: str  # a scalar's, or the name of a structure or a list
    asked: str
    answered: str


class Structure(msgspec.Struct, frozen=True):
    """Members by botocore's name for them; `required` is botocore's hint."""

    members: Mapping[str, Member]
    required: tuple[str, ...]


class List(msgspec.Struct, frozen=True):
    """Items of one type; `item` is an item's name in an answer."""

    of: str
    item: str


class Table(msgspec.Struct, frozen=True):
    """All of it. `operations`: an action's request and answer, "" for one without any."""

    notice: str
    operations: Mapping[str, tuple[str, str]]
    structures: Mapping[str, Structure]
    lists: Mapping[str, List]


@cache
def table() -> Table:
    """The table, read once."""
    return msgspec.json.decode(PATH.read_bytes(), type=Table)
