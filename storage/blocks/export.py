"""What shows volumes to guests over iSCSI. Knows no row and no pool: paths and names only.

One export a volume: a target with one disk, one initiator that may log in, and the CHAP user and
password with which it does (RFC 7143; RFC 1994).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

IQN_PREFIX: Final = "iqn.2010-10.org.novabox:"  # of every target of ours
SERIAL_CHARS: Final = 36  # a volume's id is its disk's serial number


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """All of one export, as it is to be."""

    volume_id: str
    path: Path  # a file or a block device
    initiator: str  # the iSCSI name that may log in
    username: str
    password: str = field(repr=False)  # 12 to 16 letters and digits: what every initiator takes

    @property
    def iqn(self) -> str:
        """The target's name."""
        return iqn(self.volume_id)

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that differ when anything of it does, and tell nothing of it."""
        parts = (self.volume_id, str(self.path), self.initiator, self.username, self.password)
        return hashlib.blake2s("\0".join(parts).encode(), digest_size=16).hexdigest()


def iqn(volume_id: str) -> str:
    """Name of the volume's target."""
    return f"{IQN_PREFIX}{volume_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An export that is there: the number of its disk, and what it shows."""

    lun: int
    path: Path


class Exporter(Protocol):
    """The verbs. Each looks first, may be repeated after a crash anywhere, and then finishes.

    All raise BlockError, which carries what was tried and never a password. Only targets whose
    name has our prefix are ever touched.
    """

    def start(self) -> None:
        """Have whatever serves run; it outlives this process. Running already is fine."""
        ...

    def show(self, export: Export) -> Shown:
        """Make the export as it is to be; one that is so already is left alone, sessions included.

        One with another path, initiator or password is made anew.
        """
        ...

    def withdraw(self, volume_id: str) -> None:
        """Take the export away, sessions and all; none is fine."""
        ...

    def shown(self) -> Mapping[str, Shown]:
        """The exports that are there, by volume id."""
        ...

    def sessions(self, volume_id: str) -> tuple[str, ...]:
        """Initiators that are logged in to it."""
        ...

    def stop(self) -> None:
        """Take all exports away, and end what `start` started."""
        ...
