"""Bodies that the APIs answer, kept in `tests/golden/api`; ids and times are numbered.

`just regenerate` rewrites them; the diff is reviewed.
"""

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance import config, ids
from appliance.db import fixed_ips, ports, subnets
from appliance.model.states import Event
from appliance.model.volume_states import VolumeEvent
from tests.services.api import clouds
from tests.services.api.clouds import COMPUTE, NETWORK, VOLUME, Cloud

FOLDER: Final = Path(__file__).parents[2] / "golden" / "api"

_CHANGING: Final = (
    ("key", r"ssh-rsa [A-Za-z0-9+/=]+|-----BEGIN [^\"]*-----|(?:[0-9a-f]{2}:){15}[0-9a-f]{2}"),
    ("mac", r"fa:16:3e(?::[0-9a-f]{2}){3}"),
    ("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
    ("host-id", r"\b[0-9a-f]{56}\b"),
    ("hex", r"\b[0-9a-f]{32}\b"),
    ("time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?"),
)


def _server(cloud: Cloud) -> Any:
    cloud.add_host()
    key = cloud.run(metadata={"role": "web"})["id"]
    cloud.advance(key, Event.SCHEDULED, host="box1")
    with cloud.db.transaction() as tx:
        (port,) = ports.of_instance(tx, key)
        (subnet,) = subnets.of_network(tx, port.network_id)
        fixed_ips.allocate(tx, subnet, port.id)
    cloud.advance(key, Event.WIRED)
    cloud.advance(key, Event.SPAWNED, power_state=1, launched_at="2026-01-01T00:00:00.000000Z")
    return cloud.get(f"{COMPUTE}/servers/{key}", user="admin")


def _port(cloud: Cloud) -> Any:
    (network,) = cloud.get(f"{NETWORK}/networks")["networks"]
    return cloud.post(f"{NETWORK}/ports", {"port": {"network_id": network["id"], "name": "p"}})


def _group(cloud: Cloud) -> Any:
    return cloud.post(f"{NETWORK}/security-groups", {"security_group": {"name": "web"}})


def _volume(cloud: Cloud) -> Any:
    key = cloud.add_volume(name="data", metadata={"role": "db"}, imageRef=cloud.add_image())["id"]
    cloud.change_volume(
        key, VolumeEvent.RESERVE, attachment_id=ids.new_uuid(), instance_id=ids.new_uuid(),
        device="/dev/vdb",
    )  # fmt: skip
    cloud.change_volume(key, VolumeEvent.EXPORTED)
    cloud.change_volume(key, VolumeEvent.ATTACHED, attached_at="2026-01-01T00:00:00.000000Z")
    return cloud.get(f"{VOLUME}/{cloud.project_id('admin')}/volumes/{key}", user="admin")


def _snapshot(cloud: Cloud) -> Any:
    key = cloud.add_snapshot(cloud.add_volume()["id"], name="daily")["id"]
    return cloud.get(f"{VOLUME}/snapshots/{key}")


def _volume_quotas(cloud: Cloud) -> Any:
    return cloud.get(f"{VOLUME}/os-quota-sets/{cloud.project_id()}?usage=true")


BODIES: Final[dict[str, Callable[[Cloud], Any]]] = {
    "compute_version": lambda cloud: cloud.client.get(f"{COMPUTE}/").json(),
    "server": _server,
    "server_created": lambda cloud: {"server": cloud.run()},
    "flavor": lambda cloud: cloud.get(f"{COMPUTE}/flavors/1"),
    "key_pair_created": lambda cloud: cloud.post(
        f"{COMPUTE}/os-keypairs", {"keypair": {"name": "test"}}
    ),
    "limits": lambda cloud: cloud.get(f"{COMPUTE}/limits"),
    "networks": lambda cloud: cloud.get(f"{NETWORK}/networks"),
    "subnets": lambda cloud: cloud.get(f"{NETWORK}/subnets"),
    "port_created": _port,
    "security_group_created": _group,
    "volume_version": lambda cloud: cloud.client.get(f"{VOLUME}/").json(),
    "volume_created": lambda cloud: {"volume": cloud.add_volume()},
    "volume": _volume,
    "snapshot": _snapshot,
    "volume_types": lambda cloud: cloud.get(f"{VOLUME}/types"),
    "volume_limits": lambda cloud: cloud.get(f"{VOLUME}/limits"),
    "volume_quotas": _volume_quotas,
}


def text(body: Any) -> str:
    """The body as a golden file has it: what differs from run to run is numbered."""
    known: dict[str, str] = {}
    document = json.dumps(body, indent=2).replace("\\n", "")
    for name, pattern in _CHANGING:
        for found in re.findall(pattern, document):
            known.setdefault(found, f"<{name} {sum(name in one for one in known.values()) + 1}>")
    for found, number in sorted(known.items(), key=lambda item: -len(item[0])):
        document = document.replace(found, number)
    return re.sub(r"<time \d+>", "<time>", document) + "\n"


def write() -> None:
    """Rewrite the files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in BODIES.items():
        with tempfile.TemporaryDirectory() as folder:
            settings = config.parse({"host": "box1"}, home=Path(folder))
            cloud = clouds.opened(settings, clouds.first_start(settings))
            (FOLDER / f"{name}.json").write_text(text(make(cloud)))
            cloud.db.close()
