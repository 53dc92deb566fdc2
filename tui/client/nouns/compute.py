"""Servers and the hosts they run on, with Nova's words."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.client.nouns.moment import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class FlavorRef:
    """The flavor an instance was made of."""

    name: str = ""
    vcpus: int = 0
    memory_mib: int = 0
    disk_gib: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """The image an instance was made of."""

    id: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why an instance is in ERROR."""

    message: str = ""
    details: str = ""
    code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A server, with Nova's words for its states."""

    id: str
    name: str = ""
    status: str = ""
    vm_state: str | None = None
    task_state: str | None = None
    power_state: str | int | None = None
    host: str | None = None
    zone: str | None = None
    flavor: FlavorRef = field(default_factory=FlavorRef)
    image: ImageRef | None = None
    key_name: str | None = None
    addresses: tuple[str, ...] = ()
    created_at: Time = None
    updated_at: Time = None
    launched_at: Time = None
    fault: Fault | str | None = None
    request_id: str | None = None
    project_id: str = ""
    user_id: str = ""

    @property
    def key(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A machine that runs guests, and the room it has."""

    name: str
    zone: str | None = None
    vcpus: int = 0
    vcpus_used: int = 0
    memory_mib: int = 0
    memory_mib_used: int = 0
    disk_gib: int = 0
    disk_gib_used: int = 0
    virt_type: str | None = None
    is_up: bool = False

    @property
    def key(self) -> str:
        """Its name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """How big an instance can be."""

    id: str
    name: str = ""
    vcpus: int = 0
    memory_mib: int = 0
    disk_gib: int = 0

    @property
    def key(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class NicUsage:
    """What goes through one tap: bytes a second, to the guest (rx) and from it."""

    tap: str
    rx_bytes_s: int = 0
    tx_bytes_s: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an instance uses just now; its percent is of its own processors."""

    instance_id: str
    cpu_percent: float = 0.0
    memory_mib: int = 0
    rss_mib: int = 0
    disk_read_bytes_s: int = 0
    disk_write_bytes_s: int = 0
    rx_bytes_s: int = 0
    tx_bytes_s: int = 0
    nics: tuple[NicUsage, ...] = ()

    @property
    def key(self) -> str:
        """The instance's id."""
        return self.instance_id
