"""What the event stream speaks of, as values; knows nothing of HTTP, of Textual or of time passing.

Fields are named as the APIs name them. A field that a server leaves out has its default, and
a field this client does not know is ignored: old and new sides may meet.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

Time: TypeAlias = str | int | float | None
"""ISO 8601 text, seconds or microseconds since the epoch; ``tui.quantities`` reads all three."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A row of the image registry."""

    id: str
    name: str | None = ""
    status: str = ""
    size_bytes: int | None = None
    disk_format: str | None = None
    container_format: str | None = None
    visibility: str = ""
    owner: str | None = None
    created_at: Time = None
    updated_at: Time = None
    store: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A volume, with Cinder's words for its states; ``target`` is ``address:port iqn lun``."""

    id: str
    name: str = ""
    status: str = ""
    size_gib: int = 0
    volume_type: str = ""
    host: str = ""
    is_bootable: bool = False
    instance_id: str | None = None
    device: str | None = None
    target: str | None = None
    reason: str = ""
    created_at: Time = None
    request_id: str | None = None
    project_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process of the cloud and its last sign of life."""

    name: str
    topic: str | None = None
    host: str | None = None
    pid: int | None = None
    state: str = ""
    started_at: Time = None
    seen_at: Time = None
    pss_kib: int | None = None
    cpu_percent: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One queue: a worker kind on a host."""

    name: str
    depth: int = 0
    is_paused: bool = False
    oldest_age_s: float | None = None
    last_step: str | None = None


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A project's network."""

    id: str
    name: str = ""
    cidr: str | None = None
    ports: int = 0
    project_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One crossing of a request; times in microseconds, order in ``parent_id``."""

    id: str
    request_id: str
    parent_id: str | None = None
    kind: str = ""
    source: str = ""
    target: str = ""
    name: str = ""
    status: str = "ok"
    started_at: int = 0
    duration_us: int | None = None
    bytes: int | None = None
    detail: dict[str, Any] | str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as the list of traces shows it."""

    id: str
    name: str = ""
    started_at: int = 0
    duration_us: int | None = None
    hops: int = 0
    status: str = ""
    user: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One note waiting in a topic."""

    id: str | int
    step: str = ""
    object_id: str | None = None
    request_id: str | None = None
    queued_at: Time = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something to choose in a form: its id for the API, its name for people and the shell."""

    id: str
    name: str
    note: str = ""


Kind = Literal["instance", "image", "volume", "service", "topic", "host", "network"]
Noun: TypeAlias = Instance | Image | Volume | Service | Topic | Host | Network

NOUN_BY_KIND: Final[dict[Kind, type[Noun]]] = {
    "instance": Instance,
    "image": Image,
    "volume": Volume,
    "service": Service,
    "topic": Topic,
    "host": Host,
    "network": Network,
}


def key(noun: Noun) -> str:
    """Return what tells a noun from others of its kind: its id, its topic or its name."""
    match noun:
        case Instance() | Image() | Volume() | Network():
            return noun.id
        case Service():
            return noun.topic or noun.name
        case _:
            return noun.name
