"""The version that an S3 request names, or S3's own refusal of one that is not there."""

from __future__ import annotations

from services.object import headers, versions
from services.object.bucket import Bucket
from services.object.s3.refusals import Refused
from services.object.versions import Version
from storage.objects.store import ObjectStore


def version(store: ObjectStore, bucket: Bucket, key: str, version_id: str = "") -> Version:
    """A version, the current one without an id. Raises Refused: NoSuchKey, NoSuchVersion.

    A version that is a delete marker is refused as S3 does, with the headers that say so.
    """
    found = versions.find(store, bucket, key, version_id)
    if found is None and version_id:
        raise Refused("NoSuchVersion", facts={"Key": key, "VersionId": version_id})
    if found is None:
        newest = versions.newest(store, bucket, key)
        told = _told(newest) if newest is not None and newest.is_marker else {}
        raise Refused("NoSuchKey", facts={"Key": key}, headers=told)
    if found.is_marker:
        raise Refused("MethodNotAllowed", facts={"Method": "GET"}, headers=_told(found))
    return found


def _told(marker: Version) -> dict[str, str]:
    return {
        "x-amz-delete-marker": "true",
        "x-amz-version-id": marker.id,
        "Last-Modified": headers.http_date(marker.modified),
    }
