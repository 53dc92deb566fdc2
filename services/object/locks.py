"""Object lock: what nobody removes or replaces before a date, or while a legal hold is on.

Both faces ask here. What S3's owner may do about a lock that yields, and how a lock is put on, is
`services/object/s3/locks.py`'s; a refusal is in each face's own form.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from appliance import clock
from services.object import bucket as buckets
from services.object import sysmeta
from services.object.bucket import Bucket
from services.object.refusals import Refused
from storage.objects import errors as stored
from storage.objects.object_file import ObjectRecord
from storage.objects.store import ObjectStore

GOVERNANCE: Final = "GOVERNANCE"
COMPLIANCE: Final = "COMPLIANCE"
MODES: Final = (GOVERNANCE, COMPLIANCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Why an object stays as it is; as text, a sentence for its owner."""

    mode: str = ""  # empty: no retention, only a legal hold
    until: str = ""
    is_legal_hold: bool = False

    def __str__(self) -> str:
        if self.is_legal_hold:
            return "it is under a legal hold, which S3's PutObjectLegalHold ends"
        return f"it is retained ({self.mode}) until {self.until}"


def held(metadata: Mapping[str, str], *, now: float | None = None) -> Held | None:
    """What locks an object that has this metadata; None when nothing does."""
    if metadata.get(sysmeta.LEGAL_HOLD) == "ON":
        return Held(is_legal_hold=True)
    mode, until = metadata.get(sysmeta.LOCK_MODE, ""), metadata.get(sysmeta.LOCK_UNTIL, "")
    if mode and moment(until).timestamp() > (clock.now() if now is None else now):
        return Held(mode=mode, until=until)
    return None


def check(container: str, record: ObjectRecord) -> None:
    """Refuse to replace, change or remove an object while it is locked, in Swift's form: 403."""
    if (why := held(record.metadata)) is not None:
        key = record.name.partition("\0")[0]
        raise Refused(403, f"Object {container}/{key} stays as it is: {why}")


def default(bucket: Bucket) -> dict[str, str]:
    """The lock that a bucket gives to every new object, as metadata."""
    if not (kept := bucket.kept(sysmeta.OBJECT_LOCK)):
        return {}
    if not (rule := json.loads(kept)):
        return {}
    days = rule["Days"] if "Days" in rule else rule["Years"] * 365
    until = datetime.fromtimestamp(clock.now(), UTC) + timedelta(days=days)
    return {sysmeta.LOCK_MODE: rule["Mode"], sysmeta.LOCK_UNTIL: written(until)}


def are_parts_kept(store: ObjectStore, account: str, container: str) -> bool:
    """Whether a container has the parts of objects that may be locked: then only S3 writes it."""
    name = container.removesuffix(buckets.SEGMENTS)
    if name == container:
        return False
    try:
        return buckets.find(store, account, name).has_locks
    except stored.ContainerNotFound:
        return False


def moment(text: str) -> datetime:
    """A date as S3 writes it. Raises ValueError."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def written(date: datetime) -> str:
    """A date as S3 writes it, and as it is kept."""
    return f"{date.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.000Z"
