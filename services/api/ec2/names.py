"""EC2's ids and ours, both ways: `i-0000002a` outside, a UUID inside, for ever the same pair."""

import functools
import re
from collections.abc import Callable, Iterable
from typing import Final

from appliance.db import connection, ec2_ids
from services.api.ec2 import refusals

Name = Callable[[str, str], str]  # a prefix and an object's id → its EC2 id

_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_WELL_FORMED: Final = re.compile(r"[a-z]+-[0-9a-f]{8}(?:[0-9a-f]{9})?")  # AWS has long ones too
# a kind → what EC2's codes and sentences call it
_CODE_BY_KIND: Final = {
    "instance": "InvalidInstanceID",
    "image": "InvalidAMIID",
    "volume": "InvalidVolume",
    "snapshot": "InvalidSnapshot",
    "security group": "InvalidGroup",
}
_SPELLED: Final = {"InvalidVolume.Malformed": "InvalidVolumeID.Malformed",
                   "InvalidSnapshot.Malformed": "InvalidSnapshotID.Malformed",
                   "InvalidGroup.Malformed": "InvalidGroupId.Malformed"}  # fmt: skip
_PREFIX_BY_KIND: Final = {
    "instance": "i", "image": "ami", "volume": "vol", "snapshot": "snap", "security group": "sg",
}  # fmt: skip


def inside(db: connection.Reader, ec2_id: str, kind: str) -> str:
    """The id that we give what `ec2_id` names. Raises Refused: Malformed, NotFound.

    Whether the caller may see it is for the verb to say.
    """
    prefix = ec2_id.partition("-")[0]
    if not _WELL_FORMED.fullmatch(ec2_id) or ec2_ids.KIND_BY_PREFIX.get(prefix) != kind:
        raise _refused(kind, "Malformed", f'Invalid id: "{ec2_id}"')
    found = ec2_ids.find(db, ec2_id)
    if found is None:
        raise not_found(kind, ec2_id)
    return found[1]


def not_found(kind: str, ec2_id: str) -> refusals.Refused:
    """No such thing, or none that the caller may see."""
    return _refused(kind, "NotFound", f"The {kind} ID '{ec2_id}' does not exist")


def outside(db: connection.Reader, kind: str, object_id: str) -> str:
    """The EC2 id of one object."""
    return ec2_ids.of(db, _PREFIX_BY_KIND[kind], object_id)


def namer(db: connection.Reader) -> Name:
    """Names objects for views, which read nothing."""
    return functools.partial(ec2_ids.of, db)


def all_outside(db: connection.Reader, kind: str, object_ids: Iterable[str]) -> dict[str, str]:
    """EC2 id by our id."""
    return ec2_ids.many(db, _PREFIX_BY_KIND[kind], object_ids)


def in_ec2(db: connection.Reader, sentence: str) -> str:
    """The sentence with every id of ours that EC2 has one for in EC2's form."""

    def known(match: re.Match[str]) -> str:
        for prefix in _PREFIX_BY_KIND.values():
            if ec2_id := ec2_ids.of(db, prefix, match[0]):
                return ec2_id
        return match[0]

    return _UUID.sub(known, sentence)


def _refused(kind: str, why: str, message: str) -> refusals.Refused:
    code = f"{_CODE_BY_KIND[kind]}.{why}"
    return refusals.Refused(_SPELLED.get(code, code), message)
