"""An image, and every legal change of its status as one table; nothing else decides.

The status words are Glance's. `saving`, `importing` and `pending_delete` are also what the image
worker goes on with: an upload whose process died, bytes that it has to fetch, and bytes that are
still to be removed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance import errors, ids
from appliance.model.image_copy import ImageCopy


class ImageStatus(StrEnum):
    """What an image is (Glance, domain/__init__.py)."""

    QUEUED = "queued"  # a row without bytes
    SAVING = "saving"  # bytes are coming in
    UPLOADING = "uploading"  # bytes wait on this host, staged, to be imported
    IMPORTING = "importing"  # the image worker fetches the bytes
    ACTIVE = "active"
    DEACTIVATED = "deactivated"  # there, and nobody but an admin may have its bytes
    # nobody sees it any more; its bytes are there, and may be had back while `trashed_until` is set
    PENDING_DELETE = "pending_delete"
    DELETED = "deleted"


class Visibility(StrEnum):
    """Who sees an image: everybody, everybody who asks for it, members, or its project."""

    PUBLIC = "public"
    COMMUNITY = "community"
    SHARED = "shared"
    PRIVATE = "private"


class ImageEvent(StrEnum):
    """What happens to an image; each is one row of TRANSITIONS."""

    UPLOAD = "upload"  # somebody begins to send bytes
    STORED = "stored"  # the bytes are whole, and what they say they are
    CUT_OFF = "cut-off"  # the upload failed or its process died; its bytes are gone
    STAGE = "stage"  # the bytes are here, and are to be imported when somebody says so
    LOCATED = "located"  # somebody said where the bytes are, and that they are it
    IMPORT = "import"  # somebody said where the bytes are
    IMPORT_FAILED = "import-failed"  # what is there is no image; the row has the reason
    DEACTIVATE = "deactivate"
    REACTIVATE = "reactivate"
    DELETE = "delete"  # somebody asked
    RESTORE = "restore"  # somebody wants it back from the trash
    RESTORE_DEACTIVATED = "restore-deactivated"
    REMOVED = "removed"  # the bytes of a deleted image are gone


_S = ImageStatus

# event → {status before: status after}
TRANSITIONS: Final[dict[ImageEvent, dict[ImageStatus, ImageStatus]]] = {
    ImageEvent.UPLOAD: {_S.QUEUED: _S.SAVING},
    ImageEvent.STORED: {_S.SAVING: _S.ACTIVE, _S.IMPORTING: _S.ACTIVE},
    ImageEvent.CUT_OFF: {_S.SAVING: _S.QUEUED},
    ImageEvent.LOCATED: {_S.QUEUED: _S.ACTIVE},
    ImageEvent.STAGE: {_S.QUEUED: _S.UPLOADING},
    ImageEvent.IMPORT: {_S.QUEUED: _S.IMPORTING, _S.UPLOADING: _S.IMPORTING},
    ImageEvent.IMPORT_FAILED: {_S.IMPORTING: _S.QUEUED},
    ImageEvent.DEACTIVATE: {_S.ACTIVE: _S.DEACTIVATED, _S.DEACTIVATED: _S.DEACTIVATED},
    ImageEvent.REACTIVATE: {_S.DEACTIVATED: _S.ACTIVE, _S.ACTIVE: _S.ACTIVE},
    ImageEvent.DELETE: {
        _S.QUEUED: _S.DELETED,
        _S.UPLOADING: _S.PENDING_DELETE,
        _S.SAVING: _S.PENDING_DELETE,
        _S.IMPORTING: _S.PENDING_DELETE,
        _S.ACTIVE: _S.PENDING_DELETE,
        _S.DEACTIVATED: _S.PENDING_DELETE,
    },
    ImageEvent.RESTORE: {_S.PENDING_DELETE: _S.ACTIVE},
    ImageEvent.RESTORE_DEACTIVATED: {_S.PENDING_DELETE: _S.DEACTIVATED},
    ImageEvent.REMOVED: {_S.PENDING_DELETE: _S.DELETED},
}


def after(event: ImageEvent, status: ImageStatus) -> ImageStatus:
    """The status after `event`. Raises Conflict when it cannot happen in `status`."""
    try:
        return TRANSITIONS[event][status]
    except KeyError:
        raise errors.Conflict(f"Cannot '{event}' an image that is {status}.") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One row of `images`, with its own properties and tags.

    `location` is where its bytes are, or are going to be, in the words of its `store`;
    `copies` are further places, whole ones; an active image has one place at least.
    `importing_to` and `failed_to` name stores, between commas: what the last import is still about,
    and where it came to nothing (None: there was none). `staged_location` is the file on this host
    where bytes wait to be imported. `reason` says why an import failed, or why it is tried again;
    `attempts` is how often it was begun.
    """

    id: ids.ImageId
    name: str | None
    status: ImageStatus
    visibility: Visibility
    project_id: ids.ProjectId
    container_format: str | None
    disk_format: str | None
    size_bytes: int | None
    virtual_size_bytes: int | None
    checksum_md5: str | None
    checksum_sha512: str | None
    checksum_xxh3: str | None
    min_disk_gib: int
    min_memory_mib: int
    is_protected: int
    is_hidden: int
    store: str | None
    location: str | None
    request_id: ids.RequestId  # that last changed its status
    created_at: str
    updated_at: str
    deleted_at: str | None
    claim_owner: str | None
    claim_expires_at: str | None
    properties: Mapping[str, str]
    tags: tuple[str, ...]
    reason: str = ""
    attempts: int = 0
    staged_location: str | None = None
    importing_to: str | None = None
    failed_to: str | None = None
    trashed_until: str | None = None
    copies: tuple[ImageCopy, ...] = ()

    @property
    def is_public(self) -> bool:
        """Whether every project may use it."""
        return self.visibility in (Visibility.PUBLIC, Visibility.COMMUNITY)
