"""What is kept beside an object or a bucket that Swift's face neither shows nor takes as it is.

The names stand in the stored metadata, as Swift's system metadata does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_OBJECT: Final = "X-Object-Sysmeta-S3-"
_BUCKET: Final = "X-Container-Sysmeta-S3-"

ETAG: Final = f"{_OBJECT}Etag"  # of a multipart object: md5-N
VERSION: Final = f"{_OBJECT}Version"
MODIFIED: Final = f"{_OBJECT}Modified"  # ticks, of a version that was moved since it was written
ORDER: Final = f"{_OBJECT}Order"  # of an older version that is current again: since when
HIDES: Final = f"{_OBJECT}Hides"  # of a delete marker: the id of what was current before it
FOLLOWS: Final = f"{_OBJECT}Follows"  # the tick of the deleted object whose place it was given
UPLOAD: Final = f"{_OBJECT}Upload"  # the id of the upload that made it
ACL: Final = f"{_OBJECT}Acl"
TAGS: Final = f"{_OBJECT}Tags"
CHECKSUM: Final = f"{_OBJECT}Checksum"  # ALGORITHM:VALUE:TYPE
STORAGE_CLASS: Final = f"{_OBJECT}Storage-Class"
REDIRECT: Final = f"{_OBJECT}Redirect"
LOCK_MODE: Final = f"{_OBJECT}Lock-Mode"
LOCK_UNTIL: Final = f"{_OBJECT}Lock-Until"
LEGAL_HOLD: Final = f"{_OBJECT}Legal-Hold"
# what belongs to one version of one object and not to a copy of it
NOT_COPIED: Final = frozenset(
    {VERSION, MODIFIED, ORDER, FOLLOWS, UPLOAD, ACL, LOCK_MODE, LOCK_UNTIL, LEGAL_HOLD}
)

BUCKET_ACL: Final = f"{_BUCKET}Acl"
# Swift's own, which exclude VERSIONING: the container that older versions are moved to
ARCHIVES: Final = ("X-Versions-Location", "X-History-Location")
VERSIONING: Final = f"{_BUCKET}Versioning"
OBJECT_LOCK: Final = f"{_BUCKET}Object-Lock"
POLICY: Final = f"{_BUCKET}Policy"
CORS: Final = f"{_BUCKET}Cors"
LIFECYCLE: Final = f"{_BUCKET}Lifecycle"
TAGGING: Final = f"{_BUCKET}Tagging"
WEBSITE: Final = f"{_BUCKET}Website"
OWNERSHIP: Final = f"{_BUCKET}Ownership"
PUBLIC_ACCESS_BLOCK: Final = f"{_BUCKET}Public-Access-Block"


def of_object(metadata: Mapping[str, str]) -> dict[str, str]:
    """What of an object's metadata is ours."""
    return {name: value for name, value in metadata.items() if name.startswith(_OBJECT)}
