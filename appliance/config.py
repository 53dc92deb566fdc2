"""Settings: one frozen tree, read once from one TOML file and passed by argument.

Every key has a default and a sentence (`metadata["help"]`); an unknown key is an error that names
the nearest one. Nothing here is read at import.
"""

import dataclasses
import difflib
import os
import socket
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_type_hints

from appliance import clock, errors

HOME_DEFAULT: Final = "/var/lib/novabox"


def _key(default: Any, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True, kw_only=True)
class Api:
    """The public APIs' process."""

    address: str = _key("127.0.0.1", "Address the APIs listen on.")
    port: int = _key(8774, "TCP port of the APIs.")
    body_bytes_max: int = _key(1 << 20, "Largest JSON body accepted, in bytes.")
    token_ttl_s: int = _key(3600, "Life of a token, in seconds.")
    page_max: int = _key(1000, "Most rows one list answer holds.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Users, their passwords and tokens."""

    fernet_keys_max: int = _key(3, "Token keys kept by `novabox token rotate-keys`, newest first.")
    lockout_attempts: int = _key(0, "Wrong passwords in a row that lock a user out; 0: never.")
    lockout_s: float = _key(1800.0, "A user that is locked out stays so for this long, in seconds.")
    passwords_remembered: int = _key(0, "A new password is none of this many last ones; 0: any.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """The object store's process."""

    address: str = _key("127.0.0.1", "Address the object store listens on.")
    port: int = _key(8080, "TCP port of the object store.")
    part_power: int = _key(8, "The ring has 2 to this power partitions.")
    devices: tuple[str, ...] = _key(
        (), "Folders that hold objects, `/disk1 weight=2 zone=a`; none: one in the state folder."
    )
    replicas: int = _key(1, "Devices that hold each object; more than the devices is all of them.")
    reserve_mib: int = _key(256, "Writes are refused that leave less than this on a disk, in MiB.")
    audit_mib_s: float = _key(20.0, "Speed of the auditor and of re-placing, MiB a second; 0: any.")
    s3_domain: str = _key("s3.localhost", "`BUCKET.` and this as a host names that bucket (S3).")
    website_domain: str = _key(
        "s3-website.localhost", "`BUCKET.` and this as a host names that bucket's website."
    )
    account_writes_per_s: float = _key(
        0.0, "Containers made or removed in one account a second; 0: any number."
    )
    container_writes_per_s: float = _key(
        0.0, "Objects written or removed in one container a second; 0: any number."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Topics and the workers that serve them."""

    poll_s: float = _key(5.0, "A worker that no bell woke looks at its topic this often, seconds.")
    workers: int = _key(2, "Threads that take steps in one worker process.")
    claim_s: float = _key(60.0, "A step's claim on its row ends after this long, in seconds.")
    attempts_max: int = _key(5, "A step that failed this often ends in ERROR.")
    sweep_s: float = _key(10.0, "How often a worker rings unfinished rows again, in seconds.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduler:
    """Where a new instance goes."""

    driver: str = _key("simple", "`simple`, `chance`, `zone`, or `package.module:Class`.")
    cpu_allocation_ratio: float = _key(16.0, "Virtual CPUs promised for each real one.")
    ram_allocation_ratio: float = _key(1.0, "Memory promised for each MiB there is.")
    disk_allocation_ratio: float = _key(2.0, "Disk promised for each GiB there is (overlays grow).")
    host_down_s: float = _key(60.0, "A host silent for this long takes no instances, in seconds.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """The hypervisor."""

    libvirt_uri: str = _key("auto", "`auto`: the system's libvirtd, or one of our own; or a URI.")
    virt_type: str = _key(
        "auto", "`auto` (KVM only where guests were seen to boot), `kvm`, `qemu`."
    )
    driver: str = _key("libvirt", "`libvirt`, or `fake`: guests kept in files, for tests.")
    zone: str = _key("nova", "Availability zone of this host.")
    reserved_memory_mib: int = _key(512, "Memory of the host that guests never get, in MiB.")
    config_drive: bool = _key(False, "Give every guest a config drive, asked for or not.")
    stop_timeout_s: float = _key(20.0, "A guest told to shut down is switched off after this long.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """Bridges, fixed IPs, DHCP and the metadata service."""

    driver: str = _key("linux", "`linux`, or `fake`: a host kept in files, for tests.")
    fixed_cidr: str = _key("10.78.0.0/24", "Addresses of the first project network.")
    dns_servers: tuple[str, ...] = _key((), "Resolvers given to guests; none: the gateway's own.")
    mtu: int = _key(1500, "MTU of project networks, in bytes.")
    metadata_port: int = _key(8775, "TCP port of the metadata service on each gateway address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSwift:
    """Image store `remote-swift`: another cloud's object store."""

    auth_url: str = _key("", "That cloud's Identity v3 URL; empty: there is no such store.")
    user: str = _key("", "User there.")
    project: str = _key("", "Project there, in the domain Default as its user.")
    password_file: str = _key("", "File in the state folder with the password.")
    region: str = _key("", "Region of its object store, where that cloud has several.")
    container: str = _key("glance", "Container there; made when missing.")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3:
    """Image store `s3`: a bucket of any S3."""

    endpoint: str = _key("", "URL of the S3 service; empty: there is no such store.")
    region: str = _key("us-east-1", "Region that requests are signed for.")
    bucket: str = _key("glance", "Bucket; made when missing.")
    access_key: str = _key("", "Access key there.")
    secret_key_file: str = _key("", "File in the state folder with the secret key.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """The image registry and its stores."""

    store: str = _key("swift", "Where new images go: `swift`, `file`, `remote-swift` or `s3`.")
    stores: tuple[str, ...] = _key(("swift", "file"), "Stores that an import may name.")
    size_bytes_max: int = _key(1 << 40, "Largest image accepted, in bytes.")
    virtual_size_bytes_max: int = _key(1 << 41, "Largest disk an image may unfold to, in bytes.")
    segment_bytes: int = _key(
        2 << 30, "In Swift a larger image is kept as segments of this many bytes; at most 1000."
    )
    convert_to: str = _key("qcow2", "Format that no guest boots is imported as; empty: as it is.")
    convert_memory_mib: int = _key(1024, "Memory that a conversion may use, in MiB.")
    convert_timeout_s: float = _key(3600.0, "A conversion that takes longer is given up.")
    download_hosts: tuple[str, ...] = _key(
        (), "Hosts that `web-download` may ask; none: every public one, no private address."
    )
    download_ports: tuple[str, ...] = _key(("80", "443"), "Ports that `web-download` may ask.")
    show_locations: bool = _key(
        False, "Let users see and set the locations of their images, not admins alone."
    )
    task_ttl_s: float = _key(172_800.0, "A task that ended is forgotten after this long, seconds.")
    remote_swift: RemoteSwift = field(default_factory=RemoteSwift)
    s3: S3 = field(default_factory=S3)
    upload_idle_s: float = _key(120.0, "An upload that sends nothing for this long is cut off.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Volumes: the pool that keeps them, and the exports through which guests have them."""

    pool: str = _key("sparse", "`sparse`: files in the state folder; `lvm`: a thin pool.")
    lvm_group: str = _key("nbx-volumes", "LVM volume group of the thin pool, made beforehand.")
    export: str = _key(
        "auto", "`auto`: LIO where the kernel has it, otherwise tgt; `lio`, `tgt`; `fake`: tests."
    )
    address: str = _key("127.0.0.1", "Address of the iSCSI portal.")
    port: int = _key(3261, "TCP port of the iSCSI portal; not 3260, where a system's own may be.")
    detach_timeout_s: float = _key(60.0, "A guest has this long to let go of a volume, in seconds.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trash:
    """What was deleted and can be had back: images, volumes, snapshots and objects."""

    kept_s: float = _key(600.0, "What is deleted can be had back for this long; 0: gone at once.")
    free_mib: int = _key(1024, "The trash is emptied early where less than this is free, in MiB.")

    def until(self) -> str | None:
        """The end of what is deleted now, as rows keep it; None when nothing is kept."""
        return clock.stamp(clock.now() + self.kept_s) if self.kept_s > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Hop records."""

    hops_max: int = _key(200_000, "Hops kept; older ones go first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All of it. `home` is the one folder that holds the cloud's state."""

    home: Path
    host: str = _key("", "Name of this host in topics and rows; empty: the host name.")
    log_level: str = _key("INFO", "DEBUG, INFO, WARNING or ERROR.")
    api: Api = field(default_factory=Api)
    identity: Identity = field(default_factory=Identity)
    object: Object = field(default_factory=Object)
    queue: Queue = field(default_factory=Queue)
    scheduler: Scheduler = field(default_factory=Scheduler)
    compute: Compute = field(default_factory=Compute)
    network: Network = field(default_factory=Network)
    image: Image = field(default_factory=Image)
    volume: Volume = field(default_factory=Volume)
    trace: Trace = field(default_factory=Trace)
    trash: Trash = field(default_factory=Trash)

    @property
    def api_url(self) -> str:
        """Base URL of the public APIs."""
        return f"http://{self.api.address}:{self.api.port}"

    @property
    def object_url(self) -> str:
        """Base URL of the object store."""
        return f"http://{self.object.address}:{self.object.port}"

    @property
    def run_dir(self) -> Path:
        """Sockets, pid files: gone after a reboot without harm."""
        return self.home / "run"

    @property
    def etc_dir(self) -> Path:
        """Keys and generated passwords, root's alone."""
        return self.home / "etc"


def sections(kind: type = Settings, *, within: str = "") -> Iterator[tuple[str, type]]:
    """Every table of the file by its name in TOML, `image` and then `image.s3`, and its class."""
    for name, hint in get_type_hints(kind).items():
        if dataclasses.is_dataclass(hint) and isinstance(hint, type):
            yield f"{within}{name}", hint
            yield from sections(hint, within=f"{within}{name}.")


def keys(kind: type) -> list["dataclasses.Field[Any]"]:
    """The keys of one table, without the tables in it."""
    return [each for each in dataclasses.fields(kind) if "help" in each.metadata]


def home() -> Path:
    """The state folder: NOVABOX_HOME, or `/var/lib/novabox`."""
    return Path(os.environ.get("NOVABOX_HOME", HOME_DEFAULT)).absolute()


def load(state: Path | None = None) -> Settings:
    """Settings of the cloud in folder `state` (default: `home()`), from its `novabox.toml`.

    Raises ConfigError for an unknown key (naming the nearest), a wrong type or broken TOML.
    """
    state = (state or home()).absolute()
    path = state / "novabox.toml"
    try:
        document = tomllib.loads(path.read_text()) if path.exists() else {}
    except tomllib.TOMLDecodeError as error:
        raise errors.ConfigError(f"{path}: not TOML: {error}") from error
    document.setdefault("host", socket.gethostname())
    return parse(document, home=state)


def parse(document: dict[str, Any], *, home: Path) -> Settings:
    """Settings from a parsed document; the part of `load` that touches no file."""
    if "home" in document:
        raise errors.ConfigError("home is NOVABOX_HOME's to say, not the file's")
    values = _fields(Settings, document, where="")
    return Settings(home=home, **values)


def _fields(kind: type, document: dict[str, Any], *, where: str) -> dict[str, Any]:
    hints = get_type_hints(kind)
    known = {f.name for f in dataclasses.fields(kind)} - {"home"}
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {where}{near[0]}?" if near else f" Known: {sorted(known)}."
            raise errors.ConfigError(f"unknown setting {where}{name}.{hint}")
        values[name] = _value(hints[name], value, where=f"{where}{name}")
    return values


def _value(hint: Any, value: Any, *, where: str) -> Any:
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, dict):
            raise errors.ConfigError(f"{where} is a table, not {value!r}")
        return hint(**_fields(hint, value, where=f"{where}."))
    if hint == tuple[str, ...]:
        if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise errors.ConfigError(f"{where} is a list of texts, not {value!r}")
        return tuple(value)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not hint:
        raise errors.ConfigError(f"{where} is a {hint.__name__}, not {value!r}")
    return value
