"""A request of EC2's query protocol: flat parameters → values by botocore's names.

`Filter.1.Value.2=x` becomes `{"Filters": [{"Values": ["x"]}]}`; numbers count from 1 and may have
gaps. A parameter that no shape knows is refused, as AWS does: nothing asked for is ignored unsaid.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from services.api.ec2 import refusals, shapes

DEPTH_MAX: Final = 12  # the deepest request has 6 levels
ITEMS_MAX: Final = 1000  # of one list, as AWS has it
_INDEX: Final = re.compile(r"[0-9]{1,9}")
_INTEGER: Final = re.compile(r"-?[0-9]{1,10}")  # of 32 bits

Tree = dict[str, Any]  # a parameter's next part → a tree, or the text


def read(action: str, parameters: Mapping[str, str]) -> dict[str, Any]:
    """What is asked. Raises Refused: UnknownParameter, MissingParameter, InvalidParameterValue."""
    table = shapes.table()
    name = table.operations[action][0]
    if not name:
        return {}
    return _structure(table, name, _tree(parameters), path="")


def _tree(parameters: Mapping[str, str]) -> Tree:
    tree: Tree = {}
    for name, value in parameters.items():
        parts = name.split(".")
        if len(parts) > DEPTH_MAX:
            raise _unknown(name)
        branch = tree
        for part in parts[:-1]:
            branch = branch.setdefault(part, {})
            if not isinstance(branch, dict):
                raise _unknown(name)
        if isinstance(branch.get(parts[-1]), dict):
            raise _unknown(name)
        branch[parts[-1]] = value
    return tree


def _structure(table: shapes.Table, name: str, tree: Tree, *, path: str) -> dict[str, Any]:
    shape = table.structures[name]
    by_name = {member.asked: key for key, member in shape.members.items()}
    values = {}
    for part, below in tree.items():
        key = by_name.get(part)
        if key is None:
            raise _unknown(path + part)
        values[key] = _value(table, shape.members[key].type, below, path=path + part)
    for key in shape.required:
        if values.get(key) in (None, ""):
            raise refusals.missing(path + shape.members[key].asked)
    return values


def _value(table: shapes.Table, kind: str, below: Tree | str, *, path: str) -> Any:
    if kind in shapes.SCALARS:
        if isinstance(below, dict):
            raise _unknown(f"{path}.{next(iter(below))}")
        return _scalar(kind, below, path)
    if isinstance(below, str):
        if below:
            raise refusals.invalid(below, path)
        return [] if kind in table.lists else {}
    if kind in table.lists:
        return _list(table, table.lists[kind], below, path=path)
    return _structure(table, kind, below, path=path + ".")


def _list(table: shapes.Table, shape: shapes.List, tree: Tree, *, path: str) -> list[Any]:
    for part in tree:
        if not _INDEX.fullmatch(part):
            raise _unknown(f"{path}.{part}")
    if len(tree) > ITEMS_MAX:
        raise refusals.invalid(len(tree), path, why=f"At most {ITEMS_MAX} are read.")
    in_order = sorted(tree, key=int)
    return [_value(table, shape.of, tree[part], path=f"{path}.{part}") for part in in_order]


def _scalar(kind: str, text: str, path: str) -> Any:
    try:
        match kind:
            case "integer":
                return _integer(text)
            case "number":
                return float(text)
            case "boolean":
                return {"true": True, "false": False, "1": True, "0": False}[text.lower()]
            case "blob":
                return base64.b64decode("".join(text.split()), validate=True)
            case "timestamp":
                moment = datetime.fromisoformat(text)
                return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            case _:
                return text
    except (KeyError, ValueError, binascii.Error) as error:
        raise refusals.invalid(text, path, why=f"It is no {kind}.") from error


def _integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
        raise ValueError(text)
    return int(text)


def _unknown(name: str) -> refusals.Refused:
    return refusals.Refused("UnknownParameter", f"The parameter {name} is not recognized")
