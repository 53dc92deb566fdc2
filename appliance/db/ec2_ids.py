"""Rows of `ec2_ids`: the number that EC2's ids give an object, kept for ever, written by triggers.

An id is a prefix and the number in eight hexadecimal digits: `i-0000002a` (Nova, ec2/ec2utils.py).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from appliance.db import connection

# an id's prefix → the kind of what it names
KIND_BY_PREFIX: Final[Mapping[str, str]] = {
    "i": "instance",
    "ami": "image",
    "aki": "image",
    "ari": "image",
    "vol": "volume",
    "snap": "snapshot",
    "sg": "security group",
}

_FORM: Final = re.compile(r"([a-z]+)-([0-9a-f]{8})")


def find(db: connection.Reader, ec2_id: str) -> tuple[str, str] | None:
    """Kind and id of what `ec2_id` names; None when it names nothing, deleted things included."""
    match = _FORM.fullmatch(ec2_id)
    kind = KIND_BY_PREFIX.get(match[1]) if match else None
    if match is None or kind is None:
        return None
    row = db.row(
        "SELECT object_id FROM ec2_ids WHERE number = ? AND kind = ?", (int(match[2], 16), kind)
    )
    return (kind, str(row["object_id"])) if row else None


def of(db: connection.Reader, prefix: str, object_id: str) -> str:
    """The EC2 id of an object, which exists or existed; empty for what never did."""
    return many(db, prefix, [object_id]).get(object_id, "")


def many(db: connection.Reader, prefix: str, object_ids: Iterable[str]) -> dict[str, str]:
    """EC2 id by object id."""
    kind, wanted = KIND_BY_PREFIX[prefix], tuple(object_ids)
    marks = ", ".join("?" * len(wanted))
    rows = db.rows(
        f"SELECT object_id, number FROM ec2_ids WHERE kind = ? AND object_id IN ({marks})",
        (kind, *wanted),
    )
    return {row["object_id"]: f"{prefix}-{row['number']:08x}" for row in rows}
