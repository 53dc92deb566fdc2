"""Images: register, describe, deregister."""

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance import context
from appliance.db import connection
from appliance.db.images import Query
from appliance.model.image import Image
from services.api.ec2 import image_views, listing, names, refusals, tags
from services.api.ec2.actions import Action, Call
from services.api.ec2.image_names import ImageNames
from services.image.api import Images as Verbs

Json = dict[str, Any]

_SELF: Final = "self"
_ALL: Final = "all"

# a filter's name → where it looks in an image's view
_PATHS: Final = {
    "architecture": "Architecture",
    "creation-date": "CreationDate",
    "description": "Description",
    "image-id": "ImageId",
    "image-type": "ImageType",
    "is-public": "Public",
    "kernel-id": "KernelId",
    "manifest-location": "ImageLocation",
    "name": "Name",
    "owner-id": "OwnerId",
    "platform": "Platform",
    "ramdisk-id": "RamdiskId",
    "root-device-name": "RootDeviceName",
    "root-device-type": "RootDeviceType",
    "state": "State",
    "state-reason-code": "StateReason.Code",
    "virtualization-type": "VirtualizationType",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """The actions, on the verbs of `services.image.api`."""

    db: connection.Database
    verbs: Verbs
    named: ImageNames
    tags: tags.Tags

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "RegisterImage": self.register,
            "DescribeImages": self.describe,
            "DeregisterImage": self.deregister,
        }

    def register(self, call: Call) -> Json:
        """An image of what the project has in the object store: a manifest's or a disk's."""
        call.refuse(
            "BlockDeviceMappings", "BillingProducts", "BootMode", "TpmSupport", "UefiData",
            "ImdsSupport", "SriovNetSupport", "EnaSupport",
        )  # fmt: skip
        asked = call.values
        if not asked.get("ImageLocation"):
            raise refusals.missing("ImageLocation")
        kind = asked.get("VirtualizationType", "hvm")
        if kind != "hvm":
            raise refusals.invalid(kind, "VirtualizationType", why="It is hvm.")
        tags.specified(call, "image")
        device = asked.get("RootDeviceName")
        made = self.verbs.register(
            call.ctx,
            location=asked["ImageLocation"],
            name=asked["Name"],
            description=asked.get("Description", ""),
            architecture=asked.get("Architecture"),
            kernel_id=self._boot_image(call, "KernelId"),
            ramdisk_id=self._boot_image(call, "RamdiskId"),
            properties={"root_device_name": device} if device else {},
        )
        self.tags.put_specified(call, "image", [made.id])
        return {"ImageId": image_views.ec2_id(made, name=names.namer(self.db))}

    def describe(self, call: Call) -> Json:
        """Images that the caller may run: all, those named, or somebody's."""
        rows = [row for row in self._asked(call) if _is_asked(row, call.ctx, call.values)]
        shown, token = listing.listed(
            call, rows, functools.partial(self._view, call), paths=_PATHS, ids="ImageIds"
        )
        return {"Images": shown, "NextToken": token}

    def deregister(self, call: Call) -> Json:
        """Delete an image; what runs from it goes on running."""
        call.refuse("DeleteAssociatedSnapshots")
        self.verbs.delete(call.ctx, self.named.image(call.ctx, call.values["ImageId"]).id)
        return {}

    def _boot_image(self, call: Call, member: str) -> str | None:
        text = call.values.get(member)
        return self.named.image(call.ctx, text).id if text else None

    def _asked(self, call: Call) -> list[Image]:
        if call.values.get("ImageIds"):
            found = [self.named.image(call.ctx, text) for text in call.values["ImageIds"]]
            return list({row.id: row for row in found}.values())
        return self.verbs.index(call.ctx, Query(limit=sys.maxsize))

    def _view(self, call: Call, row: Image) -> Json:
        pairs = self.tags.of(call.ctx, [row.id]).get(row.id, {})
        return image_views.image(row, name=names.namer(self.db), pairs=pairs)


def _is_asked(row: Image, ctx: context.RequestContext, asked: Mapping[str, Any]) -> bool:
    """Whether it is one of these owners', and one that these may run."""
    owners, users = asked.get("Owners", ()), asked.get("ExecutableUsers", ())
    own = {row.project_id} | ({_SELF} if row.project_id == ctx.project_id else set())
    # what the caller was shown the caller may run
    may_run = {_SELF, ctx.project_id} | ({_ALL} if row.is_public else set())
    return (not owners or not own.isdisjoint(owners)) and (
        not users or not may_run.isdisjoint(users)
    )
