"""An answer of EC2: values by botocore's names → XML, with no space that nobody asked for.

euca2ools takes white space between tags for text; every empty thing is `<x/>`.
"""

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax import saxutils

from services.api.ec2 import shapes

CONTENT_TYPE: Final = "text/xml;charset=UTF-8"
_NAMESPACE: Final = "http://ec2.amazonaws.com/doc/{version}/"
# characters that XML 1.0 cannot have, even escaped: a console's control characters
_IMPOSSIBLE: Final = {
    code: "\N{REPLACEMENT CHARACTER}"
    for code in (*range(0x20), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF)
    if code not in (0x09, 0x0A, 0x0D)
}


def write(action: str, values: Mapping[str, Any], *, version: str, request_id: str) -> bytes:
    """The document. What is None is left out; nothing at all is EC2's `return` true.

    Raises KeyError for a value that the action's answer has no place for.
    """
    table = shapes.table()
    shape = table.operations[action][1]
    parts = [
        '<?xml version="1.0" encoding="UTF-8"?>\n',
        f'<{action}Response xmlns="{_NAMESPACE.format(version=version)}">',
        f"<requestId>{request_id}</requestId>",
        *(_structure(table, shape, values) if shape else ()),
    ]
    if not values:
        parts.append("<return>true</return>")
    return "".join([*parts, f"</{action}Response>"]).encode()


def _structure(table: shapes.Table, name: str, values: Mapping[str, Any]) -> Iterator[str]:
    members = table.structures[name].members
    for key, value in values.items():
        member = members[key]
        if value is not None:
            yield from _element(table, member.type, member.answered, value)


def _element(table: shapes.Table, kind: str, tag: str, value: Any) -> Iterator[str]:
    if kind in shapes.SCALARS:
        inner = _text(kind, value)
    elif kind in table.lists:
        shape = table.lists[kind]
        inner = "".join(
            part for item in value for part in _element(table, shape.of, shape.item, item)
        )
    else:
        inner = "".join(_structure(table, kind, value))
    yield f"<{tag}>{inner}</{tag}>" if inner else f"<{tag}/>"


def _text(kind: str, value: Any) -> str:
    match kind:
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return moment(value)
        case "blob":
            return base64.b64encode(value).decode()
        case _:
            return saxutils.escape(str(value).translate(_IMPOSSIBLE))


def moment(value: str | datetime) -> str:
    """A row's moment, or a request's, as EC2 writes it: `2011-09-22T12:00:00.000Z`."""
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"
