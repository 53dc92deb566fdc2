"""Swift's limits (common/constraints.py, with its default values) and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.object.refusals import Refused

MAX_FILE_SIZE: Final = 5 * 1024**3 + 2
MAX_META_NAME_LENGTH: Final = 128
MAX_META_VALUE_LENGTH: Final = 256
MAX_META_COUNT: Final = 90
MAX_META_OVERALL_SIZE: Final = 4096
MAX_HEADER_SIZE: Final = 8192
MAX_OBJECT_NAME_LENGTH: Final = 1024
MAX_CONTAINER_NAME_LENGTH: Final = 256
MAX_ACCOUNT_NAME_LENGTH: Final = 256
LISTING_LIMIT: Final = 10_000
_REPLACED: Final = "\ufffd".encode()  # what a server makes of bytes that are no text

LIMITS: Final = {
    "max_file_size": MAX_FILE_SIZE,
    "max_meta_name_length": MAX_META_NAME_LENGTH,
    "max_meta_value_length": MAX_META_VALUE_LENGTH,
    "max_meta_count": MAX_META_COUNT,
    "max_meta_overall_size": MAX_META_OVERALL_SIZE,
    "max_header_size": MAX_HEADER_SIZE,
    "max_object_name_length": MAX_OBJECT_NAME_LENGTH,
    "max_container_name_length": MAX_CONTAINER_NAME_LENGTH,
    "max_account_name_length": MAX_ACCOUNT_NAME_LENGTH,
    "account_listing_limit": LISTING_LIMIT,
    "container_listing_limit": LISTING_LIMIT,
}


def check_container_name(name: str) -> None:
    """Refuse a container that may not be made: 400."""
    if (length := len(name.encode())) > MAX_CONTAINER_NAME_LENGTH:
        raise Refused(
            400,
            f"Container name length of {length} longer than {MAX_CONTAINER_NAME_LENGTH}",
        )


def check_object_name(name: str) -> None:
    """Refuse an object that may not be made: 400."""
    if (length := len(name.encode())) > MAX_OBJECT_NAME_LENGTH:
        raise Refused(400, f"Object name length of {length} longer than {MAX_OBJECT_NAME_LENGTH}")


def check_text(*names: str) -> None:
    """Refuse what is no text, or has a NUL in it: 412."""
    try:
        raw = "/".join(names).encode()
    except UnicodeEncodeError as error:  # half of a character
        raise Refused(412, "Invalid UTF8 or contains NULL") from error
    if b"\0" in raw or _REPLACED in raw:
        raise Refused(412, "Invalid UTF8 or contains NULL")


def check_headers(values: Mapping[str, str]) -> None:
    """Refuse a header that is too long to be kept, and listed ten thousand times: 400."""
    for name, value in values.items():
        if len(value) > MAX_HEADER_SIZE:
            raise Refused(400, f"Header value too long: {name[:MAX_META_NAME_LENGTH]}")


def check_size(size_bytes: int) -> None:
    """Refuse an object over 5 GiB: 413."""
    if size_bytes > MAX_FILE_SIZE:
        raise Refused(413)


def check_metadata(items: Mapping[str, str]) -> None:
    """Refuse user metadata (names without their prefix) over a limit: 400."""
    for name, value in items.items():
        if not name:
            raise Refused(400, "Metadata name cannot be empty")
        if len(name) > MAX_META_NAME_LENGTH:
            raise Refused(400, f"Metadata name too long: {name}")
        if len(value) > MAX_META_VALUE_LENGTH:
            raise Refused(400, f"Metadata value longer than {MAX_META_VALUE_LENGTH}: {name}")
    if len(items) > MAX_META_COUNT:
        raise Refused(400, f"Too many metadata items; max {MAX_META_COUNT}")
    overall = sum(len(name) + len(value) for name, value in items.items())
    if overall > MAX_META_OVERALL_SIZE:
        raise Refused(400, f"Total metadata too large; max {MAX_META_OVERALL_SIZE}")
