"""Pure: the config drive that tells a guest who it is, as Nova lays it out (`openstack/latest`).

Source: docs.openstack.org/nova, "Metadata". Knows no database and no file of the host.
"""

import base64
import json
from collections.abc import Mapping
from typing import Final

from appliance.model.instance import Instance
from services.compute import iso9660

LABEL: Final = "config-2"  # what cloud-init looks for


def image(instance: Instance, *, metadata: Mapping[str, str], zone: str) -> bytes:
    """The drive as an ISO 9660 image; `metadata` is the user's own, `zone` the host's."""
    document = {
        "uuid": instance.id,
        "name": instance.name,
        "hostname": instance.hostname,
        "launch_index": instance.launch_index,
        "availability_zone": zone,
        "project_id": instance.project_id,
        "meta": dict(metadata),
    } | _keys(instance)
    files = {"openstack/latest/meta_data.json": json.dumps(document).encode()}
    if instance.user_data:
        files["openstack/latest/user_data"] = base64.b64decode(instance.user_data)
    return iso9660.image(files, label=LABEL)


def _keys(instance: Instance) -> dict[str, object]:
    if not (instance.key_name and instance.public_key):
        return {}
    name, key = instance.key_name, instance.public_key
    return {
        "public_keys": {name: key},
        "keys": [{"name": name, "type": "ssh", "data": key}],
    }
