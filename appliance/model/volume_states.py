"""Every legal change of a volume's and a snapshot's status, as tables; nothing else decides.

A volume's state is the pair (status, attach_status), both in Cinder's words, and also the program
counter of what crosses services: whose state it is says which worker goes on.

    creating, downloading, reserved, extending, deleting, detaching/detached → the volume worker
    attaching, detaching/attached                                            → the compute worker

An attachment goes reserved → (export) → attaching → (plug) → in-use → detaching/attached → (unplug)
→ detaching/detached → (withdraw the export) → available: nothing leaks because the row says so.

What is deleted while it is available goes by way of the trash: trashed → (its time is over) →
deleting → deleted. Its `deleted_at` is set from the beginning of that, and nobody sees it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance import errors


class VolumeStatus(StrEnum):
    """What the volume is, or what is being done to it (Cinder, objects/fields.py)."""

    CREATING = "creating"
    DOWNLOADING = "downloading"
    AVAILABLE = "available"
    RESERVED = "reserved"
    ATTACHING = "attaching"
    IN_USE = "in-use"
    DETACHING = "detaching"
    EXTENDING = "extending"
    TRASHED = "trashed"  # nobody sees it; its bytes are kept, so that it can be had back
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR = "error"
    ERROR_EXTENDING = "error_extending"
    ERROR_DELETING = "error_deleting"


class AttachStatus(StrEnum):
    """Whether a guest has it (Cinder, objects/fields.py)."""

    ATTACHED = "attached"
    DETACHED = "detached"


@dataclass(frozen=True, slots=True)
class VolumeState:
    """One volume's state."""

    status: VolumeStatus
    attach: AttachStatus = AttachStatus.DETACHED

    def __str__(self) -> str:
        return f"{self.status}/{self.attach}"


class VolumeEvent(StrEnum):
    """What happens to a volume; each is one row of TRANSITIONS."""

    FETCHING = "fetching"  # its image is being copied into it
    CREATED = "created"
    CREATED_FOR = "created-for"  # an instance waits for it
    FAILED = "failed"
    RESERVE = "reserve"  # somebody asked to attach it
    EXPORTED = "exported"  # the volume worker made the target
    ATTACHED = "attached"  # the guest has it
    DETACH = "detach"  # somebody asked
    UNPLUGGED = "unplugged"  # no guest has it (any more); the export goes next
    STILL_ATTACHED = "still-attached"  # the guest did not let go
    WITHDRAWN = "withdrawn"  # the export is gone
    WITHDRAWN_FOR_GOOD = "withdrawn-for-good"  # and the volume goes with its instance
    EXTEND = "extend"
    EXTENDED = "extended"
    FAILED_EXTENDING = "failed-extending"
    TRASH = "trash"  # somebody asked to delete it, and may still change their mind
    RESTORE = "restore"
    EXPIRE = "expire"  # nobody did, or its room is needed
    DELETE = "delete"
    DELETED = "deleted"
    FAILED_DELETING = "failed-deleting"


_S = VolumeStatus
_ATTACHED: Final = AttachStatus.ATTACHED

# event → {state before: state after}
TRANSITIONS: Final[dict[VolumeEvent, dict[VolumeState, VolumeState]]] = {
    VolumeEvent.FETCHING: {VolumeState(_S.CREATING): VolumeState(_S.DOWNLOADING)},
    VolumeEvent.CREATED: {
        VolumeState(status): VolumeState(_S.AVAILABLE) for status in (_S.CREATING, _S.DOWNLOADING)
    },
    VolumeEvent.CREATED_FOR: {
        VolumeState(status): VolumeState(_S.RESERVED) for status in (_S.CREATING, _S.DOWNLOADING)
    },
    VolumeEvent.FAILED: {
        VolumeState(status): VolumeState(_S.ERROR) for status in (_S.CREATING, _S.DOWNLOADING)
    },
    VolumeEvent.RESERVE: {VolumeState(_S.AVAILABLE): VolumeState(_S.RESERVED)},
    VolumeEvent.EXPORTED: {VolumeState(_S.RESERVED): VolumeState(_S.ATTACHING)},
    VolumeEvent.ATTACHED: {VolumeState(_S.ATTACHING): VolumeState(_S.IN_USE, _ATTACHED)},
    VolumeEvent.DETACH: {VolumeState(_S.IN_USE, _ATTACHED): VolumeState(_S.DETACHING, _ATTACHED)},
    VolumeEvent.UNPLUGGED: {
        before: VolumeState(_S.DETACHING)
        for before in (
            VolumeState(_S.RESERVED),
            VolumeState(_S.ATTACHING),
            VolumeState(_S.IN_USE, _ATTACHED),
            VolumeState(_S.DETACHING, _ATTACHED),
        )
    },
    VolumeEvent.STILL_ATTACHED: {
        VolumeState(_S.DETACHING, _ATTACHED): VolumeState(_S.IN_USE, _ATTACHED)
    },
    VolumeEvent.WITHDRAWN: {VolumeState(_S.DETACHING): VolumeState(_S.AVAILABLE)},
    VolumeEvent.WITHDRAWN_FOR_GOOD: {VolumeState(_S.DETACHING): VolumeState(_S.DELETING)},
    VolumeEvent.EXTEND: {VolumeState(_S.AVAILABLE): VolumeState(_S.EXTENDING)},
    VolumeEvent.EXTENDED: {VolumeState(_S.EXTENDING): VolumeState(_S.AVAILABLE)},
    VolumeEvent.FAILED_EXTENDING: {VolumeState(_S.EXTENDING): VolumeState(_S.ERROR_EXTENDING)},
    VolumeEvent.TRASH: {VolumeState(_S.AVAILABLE): VolumeState(_S.TRASHED)},
    VolumeEvent.RESTORE: {VolumeState(_S.TRASHED): VolumeState(_S.AVAILABLE)},
    VolumeEvent.EXPIRE: {VolumeState(_S.TRASHED): VolumeState(_S.DELETING)},
    VolumeEvent.DELETE: {
        VolumeState(status): VolumeState(_S.DELETING)
        for status in (_S.AVAILABLE, _S.ERROR, _S.ERROR_EXTENDING, _S.ERROR_DELETING)
    },
    VolumeEvent.DELETED: {VolumeState(_S.DELETING): VolumeState(_S.DELETED)},
    VolumeEvent.FAILED_DELETING: {VolumeState(_S.DELETING): VolumeState(_S.ERROR_DELETING)},
}


def after(event: VolumeEvent, state: VolumeState) -> VolumeState:
    """The state after `event` happened in `state`. Raises Conflict when it cannot happen there."""
    try:
        return TRANSITIONS[event][state]
    except KeyError:
        raise errors.Conflict(f"Cannot '{event}' a volume that is in state {state}") from None


class SnapshotStatus(StrEnum):
    """What the snapshot is, or what is being done to it (Cinder, objects/fields.py)."""

    CREATING = "creating"
    AVAILABLE = "available"
    TRASHED = "trashed"
    DELETING = "deleting"
    DELETED = "deleted"
    ERROR = "error"
    ERROR_DELETING = "error_deleting"


class SnapshotEvent(StrEnum):
    """What happens to a snapshot."""

    CREATED = "created"
    FAILED = "failed"
    TRASH = "trash"
    RESTORE = "restore"
    EXPIRE = "expire"
    DELETE = "delete"
    DELETED = "deleted"
    FAILED_DELETING = "failed-deleting"


_N = SnapshotStatus
SNAPSHOT_TRANSITIONS: Final[dict[SnapshotEvent, dict[SnapshotStatus, SnapshotStatus]]] = {
    SnapshotEvent.CREATED: {_N.CREATING: _N.AVAILABLE},
    SnapshotEvent.FAILED: {_N.CREATING: _N.ERROR},
    SnapshotEvent.TRASH: {_N.AVAILABLE: _N.TRASHED},
    SnapshotEvent.RESTORE: {_N.TRASHED: _N.AVAILABLE},
    SnapshotEvent.EXPIRE: {_N.TRASHED: _N.DELETING},
    SnapshotEvent.DELETE: dict.fromkeys((_N.AVAILABLE, _N.ERROR, _N.ERROR_DELETING), _N.DELETING),
    SnapshotEvent.DELETED: {_N.DELETING: _N.DELETED},
    SnapshotEvent.FAILED_DELETING: {_N.DELETING: _N.ERROR_DELETING},
}


def snapshot_after(event: SnapshotEvent, status: SnapshotStatus) -> SnapshotStatus:
    """The status after `event` happened in `status`. Raises Conflict when it cannot."""
    try:
        return SNAPSHOT_TRANSITIONS[event][status]
    except KeyError:
        raise errors.Conflict(f"Cannot '{event}' a snapshot that is {status}") from None
