"""The shapes of the EC2 API, extracted from botocore's model into `services/api/ec2/shapes.json`.

`just regenerate` writes them; a test compares. The server never sees botocore.
"""

import gzip
import json
from functools import cache
from pathlib import Path
from typing import Any, Final

import botocore

from services.api.ec2 import shapes

API: Final = "2016-11-15"
ACTIONS: Final = (
    "AllocateAddress", "AssociateAddress", "AttachVolume", "AuthorizeSecurityGroupEgress",
    "AuthorizeSecurityGroupIngress", "CreateImage", "CreateKeyPair", "CreateSecurityGroup",
    "CreateSnapshot", "CreateTags", "CreateVolume", "DeleteKeyPair", "DeleteSecurityGroup",
    "DeleteSnapshot", "DeleteTags", "DeleteVolume", "DeregisterImage",
    "DescribeAccountAttributes", "DescribeAddresses", "DescribeAvailabilityZones",
    "DescribeImageAttribute", "DescribeImages", "DescribeInstanceAttribute",
    "DescribeInstanceStatus", "DescribeInstanceTypes", "DescribeInstances", "DescribeKeyPairs",
    "DescribeRegions", "DescribeSecurityGroups", "DescribeSnapshots", "DescribeTags",
    "DescribeVolumes", "DetachVolume", "DisassociateAddress", "GetConsoleOutput",
    "ImportKeyPair", "ModifyImageAttribute", "ModifyInstanceAttribute", "RebootInstances",
    "RegisterImage", "ReleaseAddress", "ResetImageAttribute", "RevokeSecurityGroupEgress",
    "RevokeSecurityGroupIngress", "RunInstances", "StartInstances", "StopInstances",
    "TerminateInstances",
)  # fmt: skip
NOTICE: Final = (
    f"Extracted from the EC2 model {API} of botocore {botocore.__version__}, "
    "Copyright Amazon.com, Inc. or its affiliates, Apache License 2.0. Names and types only: "
    "a member is [type, name in a request, name in an answer], a list its member's type and name."
)
# what botocore calls a type → what a value of it is
SCALARS: Final = {
    "string": "string", "integer": "integer", "long": "integer", "double": "number",
    "float": "number", "boolean": "boolean", "timestamp": "timestamp", "blob": "blob",
}  # fmt: skip


def write() -> None:
    """Rewrite the file."""
    shapes.PATH.write_text(text())


def text() -> str:
    """The file as botocore's model wants it: one line a shape, so that a diff can be read."""
    model = service_model()
    operations = {name: _operation(model["operations"][name]) for name in ACTIONS}
    named: dict[str, Any] = {}
    for operation in operations.values():
        for shape in filter(None, operation):
            _collect(model["shapes"], shape, named)
    sections = {
        "operations": operations,
        "structures": {name: one for name, one in named.items() if "of" not in one},
        "lists": {name: one for name, one in named.items() if "of" in one},
    }
    lines = [f'"notice": {json.dumps(NOTICE)}']
    for title, section in sections.items():
        rows = ",\n".join(f"{json.dumps(name)}: {_json(section[name])}" for name in sorted(section))
        lines.append(f'"{title}": {{\n{rows}\n}}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


@cache
def service_model() -> dict[str, Any]:
    """What botocore knows of EC2."""
    folder = Path(botocore.__file__).parent / "data" / "ec2" / API
    with gzip.open(folder / "service-2.json.gz") as file:
        found: dict[str, Any] = json.load(file)
    return found


def _operation(operation: dict[str, Any]) -> list[str]:
    return [operation.get(side, {}).get("shape", "") for side in ("input", "output")]


def _collect(known: dict[str, Any], name: str, named: dict[str, Any]) -> None:
    """Put the shape `name` and all that it is made of into `named`."""
    shape = known[name]
    if name in named or shape["type"] in SCALARS:
        return
    if shape["type"] == "list":
        member = shape["member"]
        of = member["shape"]
        named[name] = {"of": _type(known, of), "item": member.get("locationName", "item")}
        _collect(known, of, named)
        return
    named[name] = {"members": {}, "required": sorted(shape.get("required", ()))}
    for each, member in shape["members"].items():
        wire = member.get("locationName", each)
        asked = member.get("queryName") or wire[:1].upper() + wire[1:]
        named[name]["members"][each] = [_type(known, member["shape"]), asked, wire]
        _collect(known, member["shape"], named)


def _type(known: dict[str, Any], name: str) -> str:
    return SCALARS.get(known[name]["type"], name)


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
