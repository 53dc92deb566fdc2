"""Where and how much: DescribeRegions, DescribeAvailabilityZones, DescribeAccountAttributes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance import config
from services.api.ec2 import filters, refusals
from services.api.ec2.actions import Action, Call
from services.compute.api import catalogue
from services.identity.api.catalog import REGION


@dataclass(frozen=True, slots=True, kw_only=True)
class _Zone:
    name: str
    is_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The actions, on the verbs of `services.compute.api.catalogue`."""

    settings: config.Settings
    verbs: catalogue.Catalogue

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "DescribeRegions": self.regions,
            "DescribeAvailabilityZones": self.zones,
            "DescribeAccountAttributes": self.attributes,
        }

    def regions(self, call: Call) -> Mapping[str, Any]:
        """The one region there is, at this address."""
        for name in call.values.get("RegionNames", ()):
            if name != REGION:
                raise refusals.invalid(name, "RegionName", why=f"The region is {REGION}.")
        url = f"{self.settings.api_url}/services/Cloud"
        facts: filters.Facts[str] = {
            "region-name": lambda name: name,
            "endpoint": lambda _: url,
            "opt-in-status": lambda _: "opt-in-not-required",
        }
        return {
            "Regions": [
                {"RegionName": name, "Endpoint": url, "OptInStatus": "opt-in-not-required"}
                for name in filters.sift([REGION], call.values.get("Filters"), facts)
            ]
        }

    def zones(self, call: Call) -> Mapping[str, Any]:
        """The zones of the hosts, and whether one of theirs is up."""
        known = [
            _Zone(name=name, is_up=bool(hosts))
            for name, hosts in self.verbs.zones(call.ctx).items()
        ]
        names = {*call.values.get("ZoneNames", ()), *call.values.get("ZoneIds", ())}
        for name in sorted(names - {zone.name for zone in known}):
            raise refusals.Refused("InvalidZone.NotFound", f"The zone '{name}' does not exist.")
        facts: filters.Facts[_Zone] = {
            "zone-name": lambda zone: zone.name,
            "zone-id": lambda zone: zone.name,
            "region-name": lambda _: REGION,
            "state": _state,
            "zone-type": lambda _: "availability-zone",
        }
        wanted = [zone for zone in known if not names or zone.name in names]
        return {
            "AvailabilityZones": [
                {
                    "ZoneName": zone.name,
                    "ZoneId": zone.name,
                    "State": _state(zone),
                    "RegionName": REGION,
                    "ZoneType": "availability-zone",
                    "OptInStatus": "opt-in-not-required",
                    "Messages": [],
                }
                for zone in filters.sift(wanted, call.values.get("Filters"), facts)
            ]
        }

    def attributes(self, call: Call) -> Mapping[str, Any]:
        """The limits of the caller's project that EC2 has names for."""
        known = _attributes(self.verbs.usage(call.ctx).limits)
        wanted = call.values.get("AttributeNames") or list(known)
        for name in wanted:
            if name not in known:
                raise refusals.invalid(name, "AttributeName")
        return {
            "AccountAttributes": [
                {
                    "AttributeName": name,
                    "AttributeValues": [{"AttributeValue": known[name]}],
                }
                for name in wanted
            ]
        }


def _attributes(limits: Mapping[str, int]) -> dict[str, str]:
    """An attribute's value by its name. There are no VPCs and no floating addresses here."""
    return {
        "supported-platforms": "EC2",
        "default-vpc": "none",
        "max-instances": str(limits["instances"]),
        "max-elastic-ips": "0",
        "vpc-max-elastic-ips": "0",
        "vpc-max-security-groups-per-interface": str(limits["security_group"]),
    }


def _state(zone: _Zone) -> str:
    return "available" if zone.is_up else "unavailable"
