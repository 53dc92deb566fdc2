"""A flavor: the size of an instance, under a name."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """One row of `flavors`."""

    id: str
    name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    is_public: int = 1
