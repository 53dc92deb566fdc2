"""The column `extra` of identity's tables: what somebody said beside what is known, as JSON."""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from appliance.db import connection


def columns(noun: "DataclassInstance") -> dict[str, Any]:
    """The noun's fields as its row has them."""
    fields = {each.name: getattr(noun, each.name) for each in dataclasses.fields(noun)}
    return fields | {"extra": json.dumps(dict(fields["extra"]))}


def fields(row: "connection.Row | Mapping[str, Any]") -> dict[str, Any]:
    """A row's columns as its noun has them."""
    found = dict(row)
    return found | {"extra": json.loads(found["extra"])}
