"""Tags: CreateTags, DescribeTags, DeleteTags; and the tags that other nouns' answers show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from appliance import context
from appliance.db import connection, ec2_ids
from appliance.db.ec2_tags import Tag
from services.api.ec2 import filters, names, paging, refusals
from services.api.ec2.actions import Action, Call
from services.compute.api import tags

# our kinds as EC2 calls them
RESOURCE_TYPES: Final = {
    "instance": "instance",
    "image": "image",
    "volume": "volume",
    "snapshot": "snapshot",
    "security group": "security-group",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """The actions, on the verbs of `services.compute.api.tags`."""

    db: connection.Database
    verbs: tags.Tags

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "CreateTags": self.create,
            "DescribeTags": self.describe,
            "DeleteTags": self.delete,
        }

    def create(self, call: Call) -> Mapping[str, Any]:
        """Write every tag on every resource."""
        pairs = {tag["Key"]: tag.get("Value", "") for tag in _keyed(call.values)}
        self.verbs.put(call.ctx, self._resources(call), pairs)
        return {}

    def delete(self, call: Call) -> Mapping[str, Any]:
        """Take tags away: those named, of that value if one is given; all when none is named."""
        pairs = {tag["Key"]: tag.get("Value") for tag in _keyed(call.values)}
        self.verbs.delete(call.ctx, self._resources(call), pairs or None)
        return {}

    def describe(self, call: Call) -> Mapping[str, Any]:
        """Every tag of the project, by resource."""
        found = self.verbs.of_project(call.ctx)
        id_by_object = {
            tag.object_id: names.outside(self.db, tag.kind, tag.object_id) for tag in found
        }
        facts: filters.Facts[Tag] = {
            "key": lambda tag: tag.key,
            "value": lambda tag: tag.value,
            "resource-id": lambda tag: id_by_object[tag.object_id],
            "resource-type": lambda tag: RESOURCE_TYPES[tag.kind],
        }
        kept = filters.sift(
            found, call.values.get("Filters"), facts, tags_of=lambda tag: {tag.key: tag.value}
        )
        rows = [_Row(id_by_object[tag.object_id], tag) for tag in kept]
        shown, token = paging.page(call, rows, _Row.view)
        return {"Tags": shown, "NextToken": token}

    def of(
        self, ctx: context.RequestContext, object_ids: Iterable[str]
    ) -> Mapping[str, Mapping[str, str]]:
        """Tags by our id, for the answers of other nouns; things without any are left out."""
        return self.verbs.of(ctx, object_ids)

    def put_specified(self, call: Call, kind: str, object_ids: Iterable[str]) -> None:
        """Write the tags that a call's TagSpecifications have for what it made."""
        pairs = specified(call, kind)
        if pairs:
            self.verbs.put(call.ctx, [(kind, object_id) for object_id in object_ids], pairs)

    def _resources(self, call: Call) -> list[tags.Resource]:
        return [self._resource(ec2_id) for ec2_id in call.values["Resources"]]

    def _resource(self, ec2_id: str) -> tags.Resource:
        kind = ec2_ids.KIND_BY_PREFIX.get(ec2_id.partition("-")[0])
        if kind is None:
            raise refusals.Refused("InvalidID", f"The ID '{ec2_id}' is not valid")
        return kind, names.inside(self.db, ec2_id, kind)


@dataclass(frozen=True, slots=True)
class _Row:
    """A tag with its place in the list: by resource, then by key."""

    resource_id: str
    tag: Tag

    @property
    def id(self) -> str:
        return self.tag.key

    @property
    def created_at(self) -> str:
        return self.resource_id

    def view(self) -> dict[str, str]:
        return {
            "ResourceId": self.resource_id,
            "ResourceType": RESOURCE_TYPES[self.tag.kind],
            "Key": self.tag.key,
            "Value": self.tag.value,
        }


def specified(call: Call, kind: str) -> dict[str, str]:
    """The tags that a call's TagSpecifications have for things of `kind`. Raises Refused.

    Checked before anything is made: a tag that cannot be fails the whole call.
    """
    pairs = {
        tag["Key"]: tag.get("Value", "")
        for each in call.values.get("TagSpecifications", ())
        if _resource_type(each) == RESOURCE_TYPES[kind]
        for tag in _keyed(each)
    }
    tags.check(pairs)
    return pairs


def _resource_type(specification: Mapping[str, Any]) -> str:
    """What the tags are for: nothing that is asked for is passed over in silence."""
    found: str = specification.get("ResourceType", "")
    if found not in RESOURCE_TYPES.values():
        raise refusals.invalid(found, "TagSpecification.N.ResourceType")
    return found


def view(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as every noun's answer has them."""
    return [{"Key": key, "Value": value} for key, value in pairs.items()]


def _keyed(values: Mapping[str, Any]) -> Sequence[Mapping[str, str]]:
    """The tags among a call's values, or a specification's."""
    found = values.get("Tags", [])
    if any("Key" not in tag for tag in found):
        raise refusals.missing("Tag.N.Key")
    return list(found)
