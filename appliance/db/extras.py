"""The column `extra` of identity's tables: what somebody said beside what is known, as JSON.

It is bounded: a noun is shown with it in every list, and what is said is added to what was.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from appliance import errors

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    from appliance.db import connection


CHARS_MAX: Final = 65_535  # what fits Keystone's own column


def columns(noun: "DataclassInstance") -> dict[str, Any]:
    """The noun's fields as its row has them. Raises BadRequest when its extra is too much."""
    fields = {each.name: getattr(noun, each.name) for each in dataclasses.fields(noun)}
    extra = json.dumps(dict(fields["extra"]))
    if len(extra) > CHARS_MAX:
        raise errors.BadRequest(
            f"What is said beside the known attributes has {len(extra)} characters as JSON: at "
            f"most {CHARS_MAX}."
        )
    return fields | {"extra": extra}


def fields(row: "connection.Row | Mapping[str, Any]") -> dict[str, Any]:
    """A row's columns as its noun has them."""
    found = dict(row)
    return found | {"extra": json.loads(found["extra"])}
