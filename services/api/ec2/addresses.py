"""Addresses: networks here have no floating ones yet, and so none is ever described."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.api.ec2 import filters, refusals
from services.api.ec2.actions import Action, Call

_NAMES = (
    "allocation-id", "association-id", "domain", "instance-id", "network-border-group",
    "network-interface-id", "network-interface-owner-id", "private-ip-address", "public-ip",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The actions."""

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {"DescribeAddresses": self.describe}

    def describe(self, call: Call) -> Mapping[str, Any]:
        """None. Raises Refused for one that is asked for by name."""
        for ip in call.values.get("PublicIps", ()):
            raise refusals.Refused("InvalidAddress.NotFound", f"Address '{ip}' not found.")
        for key in call.values.get("AllocationIds", ()):
            raise refusals.Refused(
                "InvalidAllocationID.NotFound", f"The allocation ID '{key}' does not exist"
            )
        none: list[str] = []
        facts: filters.Facts[str] = dict.fromkeys(_NAMES, str)
        filters.sift(none, call.values.get("Filters"), facts, tags_of=lambda _: {})
        return {"Addresses": none}
