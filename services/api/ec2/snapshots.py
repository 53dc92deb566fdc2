"""Snapshots: create, describe, delete."""

import functools
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from appliance.db import connection
from appliance.model.volume import Snapshot
from services.api.ec2 import listing, names, tags, volume_views
from services.api.ec2.actions import Action, Call
from services.volume.api import snapshots
from services.volume.api.snapshots import CreateSnapshot

Json = dict[str, Any]

# a filter's name → where it looks in a snapshot's view
_PATHS: Final = {
    "description": "Description",
    "encrypted": "Encrypted",
    "owner-id": "OwnerId",
    "progress": "Progress",
    "snapshot-id": "SnapshotId",
    "start-time": "StartTime",
    "status": "State",
    "volume-id": "VolumeId",
    "volume-size": "VolumeSize",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshots:
    """The actions, on the verbs of `services.volume.api`."""

    db: connection.Database
    verbs: snapshots.Snapshots
    tags: tags.Tags

    def actions(self) -> Mapping[str, Action]:
        """What is served."""
        return {
            "CreateSnapshot": self.create,
            "DescribeSnapshots": self.describe,
            "DeleteSnapshot": self.delete,
        }

    def create(self, call: Call) -> Json:
        """Promise a snapshot of a volume, as it is now; one in use too, where the pool can."""
        call.refuse("OutpostArn", "Location")
        pairs = tags.specified(call, "snapshot")
        made = self.verbs.create(
            call.ctx,
            CreateSnapshot(
                volume_id=names.inside(self.db, call.values["VolumeId"], "volume"),
                name=pairs.get("Name", ""),
                description=call.values.get("Description", ""),
                is_forced=True,
            ),
        )
        self.tags.put_specified(call, "snapshot", [made.id])
        return self._view(call, made)

    def describe(self, call: Call) -> Json:
        """The project's snapshots, or those named; nobody else's can be seen or used."""
        asked = call.values.get("SnapshotIds")
        mine = {"self", call.ctx.project_id}
        rows = (
            [self._get(call, ec2_id) for ec2_id in dict.fromkeys(asked)]
            if asked
            else self.verbs.page(call.ctx, limit=sys.maxsize)
        )
        for member in ("OwnerIds", "RestorableByUserIds"):
            if call.values.get(member) and mine.isdisjoint(call.values[member]):
                rows = []
        shown, token = listing.listed(
            call, rows, functools.partial(self._view, call), paths=_PATHS, ids="SnapshotIds"
        )
        return {"Snapshots": shown, "NextToken": token}

    def delete(self, call: Call) -> Json:
        """Delete a snapshot; volumes made of it stay."""
        self.verbs.delete(call.ctx, self._get(call, call.values["SnapshotId"]).id)
        return {}

    def _get(self, call: Call, ec2_id: str) -> Snapshot:
        return self.verbs.get(call.ctx, names.inside(self.db, ec2_id, "snapshot"))

    def _view(self, call: Call, row: Snapshot) -> Json:
        pairs = self.tags.of(call.ctx, [row.id]).get(row.id, {})
        return volume_views.snapshot(row, name=names.namer(self.db), pairs=pairs)
