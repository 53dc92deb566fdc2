"""What can go wrong that is not the cloud's doing.

CatalogError
├── CatalogInvalid   a catalogue's file is not as it should be, or there is no such entry
└── FetchFailed      an image cannot be brought here; nothing of it is in the cloud
"""

from __future__ import annotations


class CatalogError(Exception):
    """The text says what was tried and what to do."""


class CatalogInvalid(CatalogError):
    """A file of entries cannot be read, or has no entry of that name."""


class FetchFailed(CatalogError):
    """An image could not be downloaded or is not what its publisher says."""
