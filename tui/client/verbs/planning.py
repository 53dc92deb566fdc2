"""The calls that say before what would happen, and after why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from tui.client.call import Call


def plan_run(server: Mapping[str, Any]) -> Call:
    """Ask what running servers would do; ``server`` as for ``compute.create_server``."""
    return _dry_run("run", {"server": server})


def plan_attach(server_id: str, volume_id: str) -> Call:
    """Ask what attaching a volume would do."""
    return _dry_run("attach", {"server_id": server_id, "volume_id": volume_id})


def plan_detach(server_id: str, volume_id: str) -> Call:
    """Ask what detaching a volume would do."""
    return _dry_run("detach", {"server_id": server_id, "volume_id": volume_id})


def plan_delete(kind: str, key: str) -> Call:
    """Ask what deleting an object would do."""
    return _dry_run("delete", {"kind": kind, "id": key})


def explanation(kind: str, key: str) -> Call:
    """Ask why an object is as it is, by its id or name."""
    path = f"/explanations/{quote(kind, safe='')}/{quote(key, safe='')}"
    return Call(service="novabox", method="GET", path=path)


def capacity(imagined: Sequence[str] = ()) -> Call:
    """Ask what room there is, as if one of each flavor ``imagined`` ran too."""
    query = urlencode([("imagine", flavor) for flavor in imagined])
    return Call(service="novabox", method="GET", path=f"/capacity{'?' * bool(query)}{query}")


def put_compute_quota(project_id: str, limits: Mapping[str, int]) -> Call:
    """Set limits of instances, cores, ram."""
    path = f"/os-quota-sets/{project_id}"
    return Call(service="compute", method="PUT", path=path, body={"quota_set": limits})


def put_volume_quota(project_id: str, limits: Mapping[str, int]) -> Call:
    """Set limits of volumes, snapshots, gigabytes."""
    path = f"/os-quota-sets/{project_id}"
    return Call(service="block-storage", method="PUT", path=path, body={"quota_set": limits})


def put_network_quota(project_id: str, limits: Mapping[str, int]) -> Call:
    """Set limits of networks, subnets, ports, groups and rules."""
    path = f"/v2.0/quotas/{project_id}"
    return Call(service="network", method="PUT", path=path, body={"quota": limits})


def _dry_run(verb: str, body: Mapping[str, Any]) -> Call:
    return Call(service="novabox", method="POST", path=f"/dry-runs/{verb}", body=body)
