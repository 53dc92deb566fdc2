"""A security group and its rules, in Neutron's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from appliance import ids

DEFAULT: Final = "default"  # the name of the group that every project has

Direction = Literal["ingress", "egress"]
Ethertype = Literal["IPv4", "IPv6"]

EVERYBODY: Final[Mapping[Ethertype, str]] = {"IPv4": "0.0.0.0/0", "IPv6": "::/0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of `security_group_rules`: what it names is allowed, nothing else is.

    `protocol` None is any; for ICMP the ports are type and code. Neither `remote_cidr` nor
    `remote_group_id` means everybody; a group means the fixed IPs of its members.
    """

    id: str
    group_id: ids.SecurityGroupId
    direction: Direction
    ethertype: Ethertype = "IPv4"
    protocol: str | None = None
    port_min: int | None = None
    port_max: int | None = None
    remote_cidr: str | None = None
    remote_group_id: ids.SecurityGroupId | None = None
    description: str = ""
    created_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityGroup:
    """One row of `security_groups` with its rules, oldest first."""

    id: ids.SecurityGroupId
    name: str
    project_id: ids.ProjectId
    description: str
    created_at: str
    updated_at: str
    rules: tuple[Rule, ...] = ()
