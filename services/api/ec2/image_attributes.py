"""One attribute of an image: DescribeImageAttribute, ModifyImageAttribute, ResetImageAttribute."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from appliance.db import connection
from appliance.model.image import Image, Visibility
from services.api.ec2 import image_views, names, refusals
from services.api.ec2.actions import Action, Call
from services.api.ec2.image_names import ImageNames
from services.image.api import Images as Verbs

Json = dict[str, Any]

_LAUNCH: Final = "launchPermission"
_DESCRIPTION: Final = "description"
_EVERYBODY: Final = {"Group": "all"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageAttributes:
    """The actions, on the verbs of `services.image.api`."""

    db: connection.Database
    verbs: Verbs
    named: ImageNames

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "DescribeImageAttribute": self.describe,
            "ModifyImageAttribute": self.modify,
            "ResetImageAttribute": self.reset,
        }

    def describe(self, call: Call) -> Json:
        """What the attribute is."""
        row = self.named.image(call.ctx, call.values["ImageId"])
        name = names.namer(self.db)
        answer: Json = {"ImageId": image_views.ec2_id(row, name=name)}
        match call.values["Attribute"]:
            case "launchPermission":
                return answer | {"LaunchPermissions": [_EVERYBODY] if row.is_public else []}
            case "description":
                return answer | {"Description": _value(row.properties.get(_DESCRIPTION))}
            case "kernel":
                return answer | {"KernelId": _value(image_views.kernel_id(row, name=name))}
            case "ramdisk":
                return answer | {"RamdiskId": _value(image_views.ramdisk_id(row, name=name))}
            case "blockDeviceMapping":
                return answer | {"BlockDeviceMappings": []}
            case "productCodes":
                return answer | {"ProductCodes": []}
            case other:
                raise refusals.invalid(other, "Attribute")

    def modify(self, call: Call) -> Json:
        """Change who may run it, or what it says of itself; in either spelling."""
        call.refuse("ProductCodes", "OrganizationArns", "OrganizationalUnitArns", "ImdsSupport")
        row = self.named.image(call.ctx, call.values["ImageId"])
        visibility, description = _visibility(call), _description(call)
        if visibility is None and description is None:
            raise refusals.missing("Attribute")

        def changed(image: Image) -> Image:
            said = {} if description is None else {_DESCRIPTION: description}
            return replace(
                image,
                visibility=visibility or image.visibility,
                properties={**image.properties, **said},
            )

        self.verbs.update(call.ctx, row.id, changed)
        return {}

    def reset(self, call: Call) -> Json:
        """Let nobody but its project run it."""
        if call.values["Attribute"] != _LAUNCH:
            raise refusals.invalid(call.values["Attribute"], "Attribute")
        row = self.named.image(call.ctx, call.values["ImageId"])
        self.verbs.update(
            call.ctx, row.id, lambda image: replace(image, visibility=Visibility.PRIVATE)
        )
        return {}


def _value(text: str | None) -> Json:
    return {"Value": text} if text else {}


def _visibility(call: Call) -> Visibility | None:
    """Everybody's or nobody's; None when the call is not about that. Raises Refused."""
    add, remove = _permissions(call)
    for one in (*add, *remove):
        if one != _EVERYBODY:
            raise refusals.Refused(
                "UnsupportedOperation", "Only the group 'all' can be given an image here."
            )
    if not (add or remove):
        return None
    return Visibility.PUBLIC if add else Visibility.PRIVATE


def _permissions(call: Call) -> tuple[list[Json], list[Json]]:
    asked = call.values
    if "LaunchPermission" in asked:
        return asked["LaunchPermission"].get("Add", []), asked["LaunchPermission"].get("Remove", [])
    if asked.get("Attribute") != _LAUNCH:
        return [], []
    named = [{"Group": name} for name in asked.get("UserGroups", ())]
    named += [{"UserId": name} for name in asked.get("UserIds", ())]
    match asked.get("OperationType"):
        case "add":
            return named, []
        case "remove":
            return [], named
        case None:
            raise refusals.missing("OperationType")
        case other:
            raise refusals.invalid(other, "OperationType")


def _description(call: Call) -> str | None:
    if "Description" in call.values:
        return str(call.values["Description"].get("Value", ""))
    if call.values.get("Attribute") == _DESCRIPTION:
        return str(call.values.get("Value", ""))
    return None
