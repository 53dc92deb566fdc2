"""What clients send about servers (Nova, api/openstack/compute/schemas/servers.py)."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from appliance import errors
from services.api.compute import block_devices
from services.compute.api.run_request import BlockDevice, RunRequest
from services.http import values

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Key = Annotated[str, Meta(min_length=1, max_length=255)]
Value = Annotated[str, Meta(max_length=255)]
Metadata = dict[Key, Value]


class Nic(Struct, forbid_unknown_fields=True):
    """A network to have an interface on."""

    uuid: str


class GroupName(Struct, forbid_unknown_fields=True):
    """A security group by its name (or id)."""

    name: str


class NewServer(Struct, forbid_unknown_fields=True):
    """The server of a create request."""

    name: Name
    flavor: str | int = field(name="flavorRef")
    image: str = field(name="imageRef", default="")
    key_name: str | None = None
    networks: list[Nic] | Literal["auto", "none"] = "auto"
    security_groups: list[GroupName] = []
    user_data: str | None = None
    metadata: Metadata = {}
    zone: str | None = field(name="availability_zone", default=None)
    count_min: int | str = field(name="min_count", default=1)
    count_max: int | str | None = field(name="max_count", default=None)
    has_config_drive: bool | str = field(name="config_drive", default=False)
    mappings: list[block_devices.Mapping] = field(
        name="block_device_mapping_v2", default_factory=list
    )
    old_mappings: list[block_devices.OldMapping] = field(
        name="block_device_mapping", default_factory=list
    )
    wants_reservation: bool = field(name="return_reservation_id", default=False)
    disk_config: Literal["AUTO", "MANUAL"] = field(name="OS-DCF:diskConfig", default="MANUAL")


class CreateServer(Struct):
    """POST /servers; scheduler hints beside the server are read by no filter yet."""

    server: NewServer


class NewName(Struct, forbid_unknown_fields=True):
    """What of a server can be updated."""

    name: Name


class UpdateServer(Struct):
    """PUT /servers/{id}."""

    server: NewName


class WholeMetadata(Struct, forbid_unknown_fields=True):
    """PUT and POST /servers/{id}/metadata."""

    metadata: Metadata


class MetadataItem(Struct, forbid_unknown_fields=True):
    """PUT /servers/{id}/metadata/{key}."""

    meta: Annotated[Metadata, Meta(min_length=1, max_length=1)]


class Reboot(Struct, forbid_unknown_fields=True):
    """How hard a reboot is; the case does not matter."""

    type: str


class ConsoleLength(Struct, forbid_unknown_fields=True):
    """How many of the last lines; none or -1: all."""

    length: int | str | None = None


class SerialConsole(Struct, forbid_unknown_fields=True):
    """Which console; there is one kind."""

    type: Literal["serial"]


class Action(Struct, forbid_unknown_fields=True):
    """POST /servers/{id}/action: exactly one key, with its argument."""

    start: Any = field(name="os-start", default=UNSET)
    stop: Any = field(name="os-stop", default=UNSET)
    reboot: Reboot | UnsetType = UNSET
    console_output: ConsoleLength | UnsetType = field(name="os-getConsoleOutput", default=UNSET)
    serial_console: SerialConsole | UnsetType = field(name="os-getSerialConsole", default=UNSET)


def run_request(server: NewServer) -> RunRequest:
    """What the client asks, in the words of the verb. Raises BadRequest."""
    count_min = values.number("min_count", server.count_min)
    count_max = (
        max(count_min, 1)
        if server.count_max is None
        else values.number("max_count", server.count_max)
    )
    image_id, volumes = _disks(server)
    return RunRequest(
        name=server.name.strip(),
        image_id=image_id,
        block_devices=volumes,
        flavor=str(server.flavor).rstrip("/").rpartition("/")[2],
        key_name=server.key_name,
        networks=_networks(server),
        security_groups=tuple(dict.fromkeys(group.name for group in server.security_groups)),
        user_data=server.user_data,
        metadata=server.metadata,
        zone=server.zone or "",
        count_min=count_min,
        count_max=count_max,
        has_config_drive=values.flag("config_drive", server.has_config_drive),
    )


def _networks(server: NewServer) -> tuple[str, ...] | Literal["auto", "none"]:
    """Ids, or a word; no network named is `auto`, as it always was."""
    if isinstance(server.networks, list):
        return tuple(nic.uuid for nic in server.networks) or "auto"
    return server.networks


def _disks(server: NewServer) -> tuple[str | None, tuple[BlockDevice, ...]]:
    """The image to boot from, None when that is a volume; and the volumes. Raises BadRequest."""
    image_id = server.image.rstrip("/").rpartition("/")[2]
    if server.mappings and server.old_mappings:
        raise errors.BadRequest("Using different block_device_mapping syntaxes is not allowed.")
    old = [
        block_devices.renewed(one, is_root=place == 0 and not image_id)
        for place, one in enumerate(server.old_mappings)
    ]
    return block_devices.read(server.mappings or old, image_id)


def action(body: Action) -> str:
    """Name of the one action asked for. Raises BadRequest for none or several."""
    names = [name for name in body.__struct_fields__ if getattr(body, name) is not UNSET]
    if len(names) != 1:
        raise errors.BadRequest("Exactly one action is expected in the body.")
    return names[0]


def lines(body: ConsoleLength) -> int | None:
    """How many lines are asked for, None for all. Raises BadRequest."""
    if body.length is None or str(body.length) == "-1":
        return None
    return values.number("length", body.length)
