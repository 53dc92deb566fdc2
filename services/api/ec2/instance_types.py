"""DescribeInstanceTypes: flavors, as EC2 shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from appliance.model.flavor import Flavor
from services.api.ec2 import filters, image_views, refusals
from services.api.ec2.actions import Action, Call
from services.compute.api.catalogue import Catalogue

Json = dict[str, Any]

_FACTS: "filters.Facts[Flavor]" = {
    "instance-type": lambda flavor: flavor.name,
    "vcpu-info.default-vcpus": lambda flavor: flavor.vcpus,
    "memory-info.size-in-mib": lambda flavor: flavor.memory_mib,
    "instance-storage-info.total-size-in-gb": lambda flavor: flavor.disk_gib,
    "processor-info.supported-architecture": lambda _: image_views.ARCHITECTURE,
    "current-generation": lambda _: True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceTypes:
    """The action, on the verbs of `services.compute.api.catalogue`."""

    verbs: Catalogue

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {"DescribeInstanceTypes": self.describe}

    def describe(self, call: Call) -> Json:
        """DescribeInstanceTypes; there are never so many that they need pages."""
        by_name = {flavor.name: flavor for flavor in self.verbs.flavors(call.ctx)}
        names = call.values.get("InstanceTypes") or list(by_name)
        if unknown := sorted(set(names) - set(by_name)):
            raise refusals.Refused(
                "InvalidInstanceType",
                f"The following supplied instance types do not exist: [{', '.join(unknown)}]",
            )
        found = filters.sift([by_name[name] for name in names], call.values.get("Filters"), _FACTS)
        return {"InstanceTypes": [_view(flavor) for flavor in found]}


def _view(flavor: Flavor) -> Json:
    return {
        "InstanceType": flavor.name,
        "CurrentGeneration": True,
        "FreeTierEligible": False,
        "SupportedUsageClasses": ["on-demand"],
        "SupportedRootDeviceTypes": ["ebs", "instance-store"],
        "SupportedVirtualizationTypes": ["hvm"],
        "BareMetal": False,
        "ProcessorInfo": {"SupportedArchitectures": [image_views.ARCHITECTURE]},
        "VCpuInfo": {"DefaultVCpus": flavor.vcpus},
        "MemoryInfo": {"SizeInMiB": flavor.memory_mib},
        "InstanceStorageSupported": flavor.disk_gib > 0,
        "InstanceStorageInfo": {"TotalSizeInGB": flavor.disk_gib},
        "HibernationSupported": False,
        "BurstablePerformanceSupported": False,
        "DedicatedHostsSupported": False,
        "AutoRecoverySupported": False,
    }
