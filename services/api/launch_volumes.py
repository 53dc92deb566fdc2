"""How a launch has volumes made: Compute asks, Block Storage writes; here because services never
meet.
"""

from appliance import context
from appliance.db import connection
from appliance.model.volume import Volume
from services.compute.api.block_devices import NewVolume
from services.compute.api.run_request import BlockDevice
from services.volume.api import create, types


def new_volume(place: types.Place) -> NewVolume:
    """What writes volumes for new instances, at `place`."""

    def write(
        tx: connection.Transaction, ctx: context.RequestContext, device: BlockDevice
    ) -> Volume:
        request = create.CreateVolume(
            size_gib=device.size_gib,
            volume_type=device.volume_type,
            snapshot_id=device.source_id if device.source == "snapshot" else None,
            image_id=device.source_id if device.source == "image" else None,
        )
        return create.write(tx, ctx, request, place=place)

    return write
