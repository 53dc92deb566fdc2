"""What a guest may read about itself at 169.254.169.254, as a tree of texts.

Sources: Amazon EC2 "Instance metadata" (API version 2009-04-04) and Nova's metadata service
(`openstack/latest/meta_data.json`). Knows no HTTP and no database.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

EC2_VERSIONS: Final = (
    "1.0", "2007-01-19", "2007-03-01", "2007-08-29", "2007-10-10", "2007-12-15", "2008-02-01",
    "2008-09-01", "2009-04-04",
)  # fmt: skip
OPENSTACK_VERSIONS: Final = ("2012-08-10", "2013-04-04", "2013-10-17", "2015-10-15", "2018-08-27")
LATEST: Final = "latest"

Tree: TypeAlias = "Mapping[str, Tree | bytes]"  # directories of leaves


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceMetadata:
    """What one guest is told. `public_keys`: OpenSSH text by name; `meta`: the user's own pairs."""

    instance_id: str
    ec2_id: str
    name: str
    hostname: str
    project_id: str
    local_ipv4: str
    mac: str
    public_ipv4: str = ""
    ami_id: str = ""
    kernel_id: str = ""
    ramdisk_id: str = ""
    instance_type: str = ""
    availability_zone: str = ""
    reservation_id: str = ""
    launch_index: int = 0
    security_groups: tuple[str, ...] = ()
    public_keys: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, str] = field(default_factory=dict)
    user_data: bytes | None = None


def answer(about: InstanceMetadata, path: str) -> bytes | None:
    """What is at `path`: a leaf's bytes, or a directory's listing; None when there is nothing.

    A slash at the end makes no difference, as with Nova's service.
    """
    node: Tree | bytes | None = _root(about, path)
    for name in words(path):
        if isinstance(node, bytes) or node is None:
            return None
        node = _child(node, name)
    return node if isinstance(node, bytes) or node is None else _listing(node)


def is_key(path: str) -> bool:
    """Whether `path` is where a guest reads its ssh key: the sign that it came up."""
    return path.rstrip("/").endswith(("/openssh-key", "/meta_data.json"))


def words(path: str) -> list[str]:
    """The names in a path, without a query: two paths with the same mean the same."""
    return [word for word in path.partition("?")[0].split("/") if word]


def _root(about: InstanceMetadata, path: str) -> Tree:
    """Only the half that is asked for; `/` lists the EC2 versions."""
    if words(path)[:1] == ["openstack"]:
        api = _openstack(about)
        return {"openstack": dict.fromkeys((*OPENSTACK_VERSIONS, LATEST), api)}
    return dict.fromkeys((*EC2_VERSIONS, LATEST), _ec2(about))


def _child(node: Tree, name: str) -> "Tree | bytes | None":
    """An entry; `0=mykey` is listed so, and asked for as `0`."""
    return next((node[key] for key in node if name in (key, key.partition("=")[0])), None)


def _listing(node: Tree) -> bytes:
    """An entry a line, directories with a slash; versions and `0=mykey` bare."""
    return "\n".join(
        name if isinstance(inner, bytes) or "=" in name or LATEST in node else f"{name}/"
        for name, inner in node.items()
    ).encode()


def _ec2(about: InstanceMetadata) -> Tree:
    keys = enumerate(about.public_keys.items())
    facts = {
        "ami-id": about.ami_id,
        "ami-launch-index": str(about.launch_index),
        "hostname": about.hostname,
        "instance-action": "none",
        "instance-id": about.ec2_id,
        "instance-type": about.instance_type,
        "kernel-id": about.kernel_id,
        "local-hostname": about.hostname,
        "local-ipv4": about.local_ipv4,
        "mac": about.mac,
        "public-hostname": about.hostname,
        "public-ipv4": about.public_ipv4,
        "ramdisk-id": about.ramdisk_id,
        "reservation-id": about.reservation_id,
        "security-groups": "\n".join(about.security_groups),
    }
    tree: dict[str, Tree | bytes] = {
        name: text.encode()
        for name, text in facts.items()
        if text or name not in ("kernel-id", "ramdisk-id")
    }
    tree["block-device-mapping"] = {"ami": b"vda", "root": b"/dev/vda"}
    tree["placement"] = {"availability-zone": about.availability_zone.encode()}
    if about.public_keys:
        tree["public-keys"] = {
            f"{index}={name}": {"openssh-key": text.encode()} for index, (name, text) in keys
        }
    return {"meta-data": dict(sorted(tree.items())), **_user_data("user-data", about)}


def _openstack(about: InstanceMetadata) -> Tree:
    document = {
        "uuid": about.instance_id,
        "name": about.name,
        "hostname": about.hostname,
        "availability_zone": about.availability_zone,
        "launch_index": about.launch_index,
        "project_id": about.project_id,
        "meta": dict(about.meta),
        "public_keys": dict(about.public_keys),
        "keys": [
            {"name": name, "type": "ssh", "data": text} for name, text in about.public_keys.items()
        ],
        "devices": [],
    }
    return {
        "meta_data.json": json.dumps(document).encode(),
        **_user_data("user_data", about),
        "vendor_data.json": b"{}",
    }


def _user_data(name: str, about: InstanceMetadata) -> dict[str, bytes]:
    return {} if about.user_data is None else {name: about.user_data}
