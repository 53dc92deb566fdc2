"""The ring: an object's name → partition → the devices that hold its replicas.

Immutable, and the same for everyone who reads the same ring file (OpenStack Swift, "The Rings").
It knows names, zones and device weights, and refuses to know what lies on a device.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import xxhash

from storage import blobs

PART_POWER_DEFAULT: Final = 10  # 1024 partitions: a million objects make directories of a thousand
PART_POWER_MAX: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A directory that holds objects; a device of weight 2 takes twice as many as one of 1.

    One of weight 0 takes none: it is being emptied. Replicas go to different zones while there are
    some. `is_made` once it was seen in its place, so that one that is not there is known to be
    lost, and no new one; `is_lost` is what was seen last.
    """

    id: int
    directory: str  # relative to the store's root, or absolute
    weight: float
    zone: str = ""
    is_made: bool = False
    is_lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A device as the user names it."""

    directory: str
    weight: float = 1.0
    zone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """Where each object belongs.

    `part_to_devices[partition]` are indexes into `devices`, one a replica, the first the main one;
    `is_settled` once every object lies where it belongs.
    """

    part_power: int
    devices: tuple[Device, ...]
    part_to_devices: tuple[tuple[int, ...], ...]
    replicas: int = 1
    is_settled: bool = True

    @classmethod
    def build(
        cls,
        devices: Sequence[Device],
        *,
        part_power: int = PART_POWER_DEFAULT,
        replicas: int = 1,
        is_settled: bool = True,
    ) -> Self:
        """Spread 2**part_power partitions over `devices` by weight.

        Each partition goes to the devices that draw the best lots for it (weighted rendezvous
        hashing), so adding a device moves only what the new one takes. With fewer devices than
        replicas each has one. Raises ValueError.
        """
        _check(devices, part_power, replicas)
        return cls(
            part_power=part_power,
            devices=tuple(devices),
            part_to_devices=tuple(
                _winners(devices, part, replicas) for part in range(2**part_power)
            ),
            replicas=replicas,
            is_settled=is_settled,
        )

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a ring file. Raises OSError, or ValueError if it is no ring."""
        try:
            saved = json.loads(path.read_bytes())
            devices = tuple(Device(**device) for device in saved["devices"])
            parts = tuple(tuple(indexes) for indexes in _parts(saved))
            power, replicas = saved["part_power"], saved.get("replicas", 1)
            is_settled = bool(saved.get("is_settled", True))
        except (KeyError, TypeError) as error:
            raise ValueError(f"ring file {path} is not a ring: {error!r}") from error
        _check(devices, power, replicas)
        known = set(range(len(devices)))
        if len(parts) != 2**power or not all(part and set(part) <= known for part in parts):
            raise ValueError(f"ring file {path}: its partitions do not fit its devices")
        return cls(
            part_power=power, devices=devices, part_to_devices=parts, replicas=replicas,
            is_settled=is_settled,
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write the ring file, whole or not at all."""
        text = json.dumps(
            {
                "part_power": self.part_power,
                "replicas": self.replicas,
                "is_settled": self.is_settled,
                "devices": [dataclasses.asdict(device) for device in self.devices],
                "part_to_devices": self.part_to_devices,
            }
        )
        blobs.write_whole(path, text.encode())

    def with_devices(self, wishes: Sequence[Wish], *, replicas: int) -> Self:
        """Return the ring that holds what the user names; this one if nothing changes.

        A device is known by its directory. One that is named no more is kept at weight 0, to be
        emptied; who finds it empty or lost takes it out with `without`. Raises ValueError.
        """
        wish_by_directory = {wish.directory: wish for wish in wishes}
        known = {device.directory for device in self.devices}
        kept = [
            _as_wished(device, wish_by_directory.get(device.directory)) for device in self.devices
        ]
        ids = max((device.id for device in self.devices), default=0)
        new = [wish for wish in wishes if wish.directory not in known]
        kept += [
            Device(id=ids + number, directory=wish.directory, weight=wish.weight, zone=wish.zone)
            for number, wish in enumerate(new, 1)
        ]
        if tuple(kept) == self.devices and replicas == self.replicas:
            return self
        return self.build(kept, part_power=self.part_power, replicas=replicas, is_settled=False)

    def without(self, ids: set[int]) -> Self:
        """Return the ring without some devices; the others keep what they have. Raises ValueError.

        Only devices of weight 0 can go without another rebuild of what belongs where.
        """
        kept = [device for device in self.devices if device.id not in ids]
        return self.build(
            kept, part_power=self.part_power, replicas=self.replicas, is_settled=self.is_settled
        )

    @property
    def part_to_device(self) -> tuple[int, ...]:
        """The device of each partition's first replica."""
        return tuple(own[0] for own in self.part_to_devices)

    def partition(self, name_hash: str) -> int:
        """Return the partition of a hash of `hash_name`: its topmost bits."""
        return int(name_hash[:8], 16) >> (32 - self.part_power)

    def device(self, partition: int) -> Device:
        """Return the device that holds a partition's first replica."""
        return self.devices[self.part_to_devices[partition][0]]

    def preference(self, partition: int) -> Iterator[int]:
        """Yield indexes of all devices: those the partition belongs to, then who stands in.

        Devices of weight 0 come last: they may still hold it, and are to get nothing.
        """
        own = self.part_to_devices[partition]
        yield from own
        if len(own) < len(self.devices):
            others = [index for index in range(len(self.devices)) if index not in own]
            yield from _by_lot(self.devices, partition, others)


def hash_name(account: str, container: str, name: str) -> str:
    """Hash an object's full name to 32 hexadecimal digits.

    NUL separates the parts: no part can contain it, so two different names are never one string.
    """
    return xxhash.xxh3_128_hexdigest(f"{account}\0{container}\0{name}".encode())


def _as_wished(device: Device, wish: Wish | None) -> Device:
    if wish is None:
        return dataclasses.replace(device, weight=0.0)
    return dataclasses.replace(device, weight=wish.weight, zone=wish.zone)


def _winners(devices: Sequence[Device], partition: int, replicas: int) -> tuple[int, ...]:
    """Draw the devices of a partition: the best lots, of different zones as far as there are."""
    weighty = [index for index, device in enumerate(devices) if device.weight]
    ordered = _by_lot(devices, partition, weighty)
    chosen: list[int] = []
    while ordered and len(chosen) < replicas:
        zones = {devices[index].zone for index in chosen}
        best = next((i for i in ordered if devices[i].zone not in zones), ordered[0])
        chosen.append(best)
        ordered.remove(best)
    return tuple(chosen)


def _by_lot(devices: Sequence[Device], partition: int, among: Sequence[int]) -> list[int]:
    return sorted(among, key=lambda index: _lot(devices[index], partition), reverse=True)


def _lot(device: Device, partition: int) -> float:
    """Draw a device's lot for a partition: w / -ln(u) is largest with probability w / sum(w)."""
    drawn = xxhash.xxh3_64_intdigest(f"{device.id}:{partition}".encode())
    return device.weight / -math.log((drawn + 0.5) / 2**64) if device.weight else 0.0


def _parts(saved: dict[str, Any]) -> list[list[int]]:
    """Return the table of a ring file; the first form of it knew one replica."""
    if "part_to_device" in saved:
        return [[index] for index in saved["part_to_device"]]
    parts: list[list[int]] = saved["part_to_devices"]
    return parts


def _check(devices: Sequence[Device], part_power: int, replicas: int) -> None:
    if not 0 <= part_power <= PART_POWER_MAX:
        raise ValueError(f"part_power {part_power} is not in 0..{PART_POWER_MAX}")
    if replicas < 1:
        raise ValueError(f"replicas {replicas}: there is at least one")
    if len({device.id for device in devices}) != len(devices):
        raise ValueError("two devices of the ring have the same id")
    if len({device.directory for device in devices}) != len(devices):
        raise ValueError("two devices of the ring are one directory")
    if any(device.weight < 0 for device in devices) or not any(d.weight for d in devices):
        raise ValueError("a ring needs a device, and weights must not be negative")
