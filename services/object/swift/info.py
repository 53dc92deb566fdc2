"""What /info says: every feature that is served and its limits, and none that is not.

What is advertised here is what clients such as python-swiftclient, rclone and Tempest then use.
"""

from __future__ import annotations

from typing import Any, Final

from services.object import conditions, constraints, contents, headers
from services.object.swift import (
    archive,
    bulk,
    ratelimit,
    report,
    signatures,
    symlinks,
    tempurl,
)

VERSION: Final = "2.38.0"  # of Swift, whose API this is


def info(rates: ratelimit.Rates) -> dict[str, Any]:
    """Return the document."""
    digests = list(signatures.DIGESTS)
    found: dict[str, Any] = {
        "swift": {
            "version": VERSION,
            "policies": [{"name": headers.POLICY, "default": True, "aliases": headers.POLICY}],
            "strict_cors_mode": True,
            "allow_account_management": False,
            "account_autocreate": True,
            "max_ranges": conditions.SPANS_MAX,
            **constraints.LIMITS,
        },
        "slo": {
            "max_manifest_segments": contents.SEGMENTS_MAX,
            "max_manifest_size": contents.MANIFEST_BYTES_MAX,
            "min_segment_size": 1,
            "allow_async_delete": False,
        },
        "dlo": {"max_segments": contents.DYNAMIC_SEGMENTS_MAX},
        "bulk_upload": {
            "max_containers_per_extraction": bulk.CONTAINERS_MAX,
            "max_files_per_extraction": bulk.FILES_MAX,
            "max_bytes_per_extraction": archive.UNPACKED_BYTES_MAX,
            "max_failed_extractions": report.ERRORS_MAX,
        },
        "bulk_delete": {
            "max_deletes_per_request": bulk.DELETES_MAX,
            "max_failed_deletes": report.ERRORS_MAX,
        },
        "tempurl": {
            "methods": list(tempurl.METHODS),
            "allowed_digests": digests,
            "incoming_remove_headers": [],
            "incoming_allow_headers": [],
            "outgoing_remove_headers": ["x-object-meta-*"],
            "outgoing_allow_headers": ["x-object-meta-public-*"],
        },
        "formpost": {"allowed_digests": digests},
        "symlink": {"symloop_max": symlinks.LINKS_MAX, "static_links": True},
        "versioned_writes": {"allowed_flags": ["x-versions-location", "x-history-location"]},
        "object_versioning": {},
        "container_quotas": {},
        "account_quotas": {},
        "staticweb": {},
    }
    if rates.account_per_s or rates.container_per_s:
        found["ratelimit"] = {
            "account_ratelimit": rates.account_per_s,
            "container_ratelimits": [[0, rates.container_per_s]],
            "max_sleep_time_seconds": 0,
        }
    return found
