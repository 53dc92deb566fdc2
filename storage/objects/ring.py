"""The ring: an object's name → partition → device.

Immutable, and the same for everyone who reads the same ring file (OpenStack Swift, "The Rings").
It knows names and device weights, and refuses to know what lies on a device.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import xxhash

from storage import blobs

PART_POWER_DEFAULT: Final = 10  # 1024 partitions: a million objects make directories of a thousand
PART_POWER_MAX: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A directory that holds objects; a device of weight 2 takes twice as many as one of 1."""

    id: int
    directory: str  # relative to the store's root, or absolute
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Where each object belongs. `part_to_device[partition]` is an index into `devices`."""

    part_power: int
    devices: tuple[Device, ...]
    part_to_device: tuple[int, ...]

    @classmethod
    def build(cls, devices: Sequence[Device], *, part_power: int = PART_POWER_DEFAULT) -> Self:
        """Spread 2**part_power partitions over `devices` by weight.

        Each partition goes to the device that draws the best lot for it (weighted rendezvous
        hashing), so adding a device moves only what the new one takes. Raises ValueError.
        """
        _check(devices, part_power)
        return cls(
            part_power=part_power,
            devices=tuple(devices),
            part_to_device=tuple(_winner(devices, part) for part in range(2**part_power)),
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a ring file. Raises OSError, or ValueError if it is no ring."""
        try:
            saved = json.loads(path.read_bytes())
            devices = tuple(Device(**device) for device in saved["devices"])
            parts = tuple(saved["part_to_device"])
            power = saved["part_power"]
        except (KeyError, TypeError) as error:
            raise ValueError(f"ring file {path} is not a ring: {error!r}") from error
        _check(devices, power)
        if len(parts) != 2**power or not set(parts) <= set(range(len(devices))):
            raise ValueError(f"ring file {path}: part_to_device does not fit its devices")
        return cls(part_power=power, devices=devices, part_to_device=parts)

    def save(self, path: Path) -> None:
        """Write the ring file, whole or not at all."""
        text = json.dumps(
            {
                "part_power": self.part_power,
                "devices": [
                    {"id": device.id, "directory": device.directory, "weight": device.weight}
                    for device in self.devices
                ],
                "part_to_device": self.part_to_device,
            }
        )
        blobs.write_whole(path, text.encode())

    def partition(self, name_hash: str) -> int:
        """Return the partition of a hash of `hash_name`: its topmost bits."""
        return int(name_hash[:8], 16) >> (32 - self.part_power)

    def device(self, partition: int) -> Device:
        """Return the device that holds a partition."""
        return self.devices[self.part_to_device[partition]]


def hash_name(account: str, container: str, name: str) -> str:
    """Hash an object's full name to 32 hexadecimal digits.

    NUL separates the parts: no part can contain it, so two different names are never one string.
    """
    return xxhash.xxh3_128_hexdigest(f"{account}\0{container}\0{name}".encode())


def _winner(devices: Sequence[Device], partition: int) -> int:
    return max(range(len(devices)), key=lambda index: _lot(devices[index], partition))


def _lot(device: Device, partition: int) -> float:
    """Draw a device's lot for a partition: w / -ln(u) is largest with probability w / sum(w)."""
    drawn = xxhash.xxh3_64_intdigest(f"{device.id}:{partition}".encode())
    return device.weight / -math.log((drawn + 0.5) / 2**64) if device.weight else 0.0


def _check(devices: Sequence[Device], part_power: int) -> None:
    if not 0 <= part_power <= PART_POWER_MAX:
        raise ValueError(f"part_power {part_power} is not in 0..{PART_POWER_MAX}")
    if len({device.id for device in devices}) != len(devices):
        raise ValueError("two devices of the ring have the same id")
    if any(device.weight < 0 for device in devices) or not any(d.weight for d in devices):
        raise ValueError("a ring needs a device, and weights must not be negative")
