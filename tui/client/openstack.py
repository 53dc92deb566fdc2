"""From the JSON of the OpenStack APIs to values; of each answer only what this client needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from tui.client.decode import convert
from tui.client.nouns import Choice, Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """An image as Image v2 shows it; the checksum is the MD5 of its data.

    The two last are properties: the catalogue's entry it was fetched as, and the publisher's
    checksum as ``sha512:…``.
    """

    id: str
    name: str | None = None
    status: str = ""
    checksum: str | None = None
    size: int | None = None
    owner: str | None = None
    kernel_id: str | None = None
    ramdisk_id: str | None = None
    os_command_line: str | None = None
    visibility: str = ""
    created_at: str | None = None
    novabox_catalog: str | None = None
    novabox_catalog_checksum: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server as Compute v2.1 shows it."""

    id: str
    name: str = ""
    status: str = ""
    key_name: str | None = None
    addresses: dict[str, list[dict[str, Any]]] | None = None
    fault: dict[str, Any] | None = None

    @property
    def address(self) -> str:
        """The first address of any network, or an empty text."""
        every = [item["addr"] for items in (self.addresses or {}).values() for item in items]
        return str(every[0]) if every else ""

    @property
    def reason(self) -> str:
        """Why it is in ERROR."""
        return str((self.fault or {}).get("message", "no reason was given"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPair:
    """A key pair; the private key is there only in the answer that made it."""

    name: str
    public_key: str = ""
    private_key: str | None = None


def images(body: Any) -> list[StoredImage]:
    """Read ``GET /v2/images``. Raises Unreadable."""
    return convert(body, _Images).images


def image(body: Any) -> StoredImage:
    """Read ``POST /v2/images``. Raises Unreadable."""
    return convert(body, StoredImage)


def servers(body: Any) -> list[Server]:
    """Read ``GET /servers/detail``. Raises Unreadable."""
    return convert(body, _Servers).servers


def server(body: Any) -> Server:
    """Read ``GET /servers/{id}`` or the answer of ``POST /servers``. Raises Unreadable."""
    return convert(body, _Server).server


def made_server(body: Any) -> str:
    """Read the id of the server that ``POST /servers`` answers, empty where there is none."""
    server = body.get("server") if isinstance(body, dict) else None
    return str(server.get("id", "")) if isinstance(server, dict) else ""


def key_pair(body: Any) -> KeyPair:
    """Read ``POST /os-keypairs``. Raises Unreadable."""
    return convert(body, _KeyPair).keypair


def key_pairs(body: Any) -> list[KeyPair]:
    """Read ``GET /os-keypairs``. Raises Unreadable."""
    return [wrapped.keypair for wrapped in convert(body, _KeyPairs).keypairs]


def key_choices(body: Any) -> list[Choice]:
    """Read ``GET /os-keypairs`` as choices. Raises Unreadable."""
    return [Choice(id=pair.name, name=pair.name) for pair in key_pairs(body)]


def metadata_choices(body: Any) -> list[Choice]:
    """Read ``GET /servers/{id}/metadata`` as choices. Raises Unreadable."""
    pairs = convert(body, _Metadata).metadata
    return [Choice(id=key, name=key, note=value) for key, value in pairs.items()]


def containers(body: Any) -> list[Entry]:
    """Read Swift's listing of an account. Raises Unreadable."""
    return [
        Entry(kind="container", container=item.name, size_bytes=item.bytes, count=item.count,
              modified_at=item.last_modified)
        for item in convert(body or [], list[_Listed])
    ]  # fmt: skip


def entries(body: Any, container: str) -> list[Entry]:
    """Read Swift's listing of a container. Raises Unreadable."""
    return [
        Entry(kind="folder", container=container, name=item.subdir)
        if item.subdir
        else Entry(kind="object", container=container, name=item.name, size_bytes=item.bytes,
                   etag=item.hash, content_type=item.content_type, modified_at=item.last_modified)
        for item in convert(body or [], list[_Listed])
    ]  # fmt: skip


def segments(body: Any) -> list[Entry]:
    """Read the manifest of a large object. Raises Unreadable."""
    found = convert(body or [], list[_Listed])
    parts = [(item, item.name.strip("/").partition("/")) for item in found]
    return [
        Entry(kind="object", container=container, name=name, size_bytes=item.bytes, etag=item.hash,
              content_type=item.content_type, modified_at=item.last_modified)
        for item, (container, _, name) in parts
    ]  # fmt: skip


def property_choices(body: Any) -> list[Choice]:
    """Read the properties of ``GET /v2/images/{id}`` as choices: what is no field of its own."""
    return [
        Choice(id=name, name=name, note=str(value))
        for name, value in sorted(convert(body, dict[str, Any]).items())
        if name not in _IMAGE_FIELDS and not name.startswith(("os_", "owner_"))
    ]


def tag_choices(body: Any) -> list[Choice]:
    """Read the tags of ``GET /v2/images/{id}`` as choices. Raises Unreadable."""
    return [Choice(id=tag, name=tag) for tag in convert(body, _Tagged).tags]


def member_choices(body: Any) -> list[Choice]:
    """Read ``GET /v2/images/{id}/members`` as choices. Raises Unreadable."""
    return [
        Choice(id=item.member_id, name=item.member_id[:8], note=item.status)
        for item in convert(body, _Members).members
    ]


_IMAGE_FIELDS: Final = frozenset((
    "id", "name", "status", "visibility", "protected", "checksum", "owner", "size", "virtual_size",
    "container_format", "disk_format", "created_at", "updated_at", "tags", "self", "file",
    "schema", "min_disk", "min_ram", "stores", "locations", "direct_url",
))  # fmt: skip


def flavor_choices(body: Any) -> list[Choice]:
    """Read ``GET /flavors/detail`` as choices. Raises Unreadable."""
    return [
        Choice(id=item.id, name=item.name, note=f"{item.vcpus} cpu, {item.ram}M, {item.disk}G")
        for item in convert(body, _Flavors).flavors
    ]


def network_choices(body: Any) -> list[Choice]:
    """Read ``GET /networks`` as choices. Raises Unreadable."""
    return [Choice(id=item.id, name=item.name) for item in convert(body, _Networks).networks]


def security_group_choices(body: Any) -> list[Choice]:
    """Read ``GET /security-groups`` as choices, one a name, the default first."""
    found = {group.name: group for group in convert(body, _SecurityGroups).security_groups}
    names = sorted(found, key=lambda name: (name != "default", name))
    return [Choice(id=found[name].id, name=name, note=found[name].description) for name in names]


def role_choices(body: Any) -> list[Choice]:
    """Read ``GET /roles`` as choices. Raises Unreadable."""
    return [Choice(id=item.id, name=item.name) for item in convert(body, _Roles).roles]


def security_group_ids(body: Any) -> list[str]:
    """Read ``GET /security-groups``. Raises Unreadable."""
    return [group.id for group in convert(body, _SecurityGroups).security_groups]


def console(body: Any) -> str:
    """Read the answer of ``os-getConsoleOutput``. Raises Unreadable."""
    return convert(body, _Console).output


@dataclass(frozen=True, slots=True, kw_only=True)
class _Images:
    images: list[StoredImage]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Servers:
    servers: list[Server]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Server:
    server: Server


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyPair:
    keypair: KeyPair


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeyPairs:
    keypairs: list[_KeyPair]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Metadata:
    metadata: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flavor:
    id: str
    name: str
    vcpus: int = 0
    ram: int = 0
    disk: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Flavors:
    flavors: list[_Flavor]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Network:
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Networks:
    networks: list[_Network]


@dataclass(frozen=True, slots=True, kw_only=True)
class _SecurityGroup:
    id: str
    name: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _SecurityGroups:
    security_groups: list[_SecurityGroup]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Console:
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Role:
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Roles:
    roles: list[_Role]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    name: str = ""
    subdir: str = ""
    bytes: int | None = None
    count: int | None = None
    hash: str = ""
    content_type: str = ""
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tagged:
    tags: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Member:
    member_id: str
    status: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Members:
    members: list[_Member]
