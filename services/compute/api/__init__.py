"""What a request may ask of compute: policy, then quota, then rows, then a message.

Every face calls these verbs; each is done when its rows are committed, and what then happens on a
host is for workers. Imports no driver.
"""

from typing import Final

from appliance.db import connection, flavors
from appliance.model.flavor import Flavor

# Sizes of the first flavors, as Nova's installer has made them since Diablo (m1.nano: devstack's)
FLAVORS: Final = (
    Flavor(id="1", name="m1.tiny", vcpus=1, memory_mib=512, disk_gib=1),
    Flavor(id="2", name="m1.small", vcpus=1, memory_mib=2048, disk_gib=20),
    Flavor(id="3", name="m1.medium", vcpus=2, memory_mib=4096, disk_gib=40),
    Flavor(id="4", name="m1.large", vcpus=4, memory_mib=8192, disk_gib=80),
    Flavor(id="5", name="m1.xlarge", vcpus=8, memory_mib=16384, disk_gib=160),
    Flavor(id="42", name="m1.nano", vcpus=1, memory_mib=128, disk_gib=1),
)


def bootstrap(db: connection.Database) -> None:
    """Make the first flavors where they are missing."""
    with db.transaction() as tx:
        for flavor in FLAVORS:
            flavors.put(tx, flavor)
