"""The calls of Compute v2.1 that this client makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from tui.client.call import Call


def servers() -> Call:
    """List the project's servers, with details."""
    return Call(service="compute", method="GET", path="/servers/detail")


def server(server_id: str) -> Call:
    """Show one server."""
    return Call(service="compute", method="GET", path=f"/servers/{server_id}")


def create_server(server: Mapping[str, Any]) -> Call:
    """Run servers; ``server`` is the inner object of the API's body."""
    return Call(service="compute", method="POST", path="/servers", body={"server": server})


def delete_server(server_id: str) -> Call:
    """Terminate a server."""
    return Call(service="compute", method="DELETE", path=f"/servers/{server_id}")


def start_server(server_id: str) -> Call:
    """Start a stopped server."""
    return _server_action(server_id, {"os-start": None})


def stop_server(server_id: str) -> Call:
    """Stop a running server."""
    return _server_action(server_id, {"os-stop": None})


def reboot_server(server_id: str) -> Call:
    """Ask the guest to reboot."""
    return _server_action(server_id, {"reboot": {"type": "SOFT"}})


def reboot_server_hard(server_id: str) -> Call:
    """Cut the guest's power and start it again."""
    return _server_action(server_id, {"reboot": {"type": "HARD"}})


def rename_server(server_id: str, name: str) -> Call:
    """Give a server another name; the guest's own host name stays."""
    body = {"server": {"name": name}}
    return Call(service="compute", method="PUT", path=f"/servers/{server_id}", body=body)


def set_server_metadata(server_id: str, key: str, value: str) -> Call:
    """Set one pair of a server's metadata."""
    path = f"/servers/{server_id}/metadata"
    return Call(service="compute", method="POST", path=path, body={"metadata": {key: value}})


def delete_server_metadata(server_id: str, key: str) -> Call:
    """Forget one pair of a server's metadata."""
    path = f"/servers/{server_id}/metadata/{quote(key, safe='')}"
    return Call(service="compute", method="DELETE", path=path)


def server_metadata(server_id: str) -> Call:
    """Get a server's metadata."""
    return Call(service="compute", method="GET", path=f"/servers/{server_id}/metadata")


def attach_volume(server_id: str, volume_id: str) -> Call:
    """Give a volume to a server."""
    path = f"/servers/{server_id}/os-volume_attachments"
    body = {"volumeAttachment": {"volumeId": volume_id}}
    return Call(service="compute", method="POST", path=path, body=body)


def detach_volume(server_id: str, volume_id: str) -> Call:
    """Take a volume from its server."""
    path = f"/servers/{server_id}/os-volume_attachments/{volume_id}"
    return Call(service="compute", method="DELETE", path=path)


def console_output(server_id: str, *, lines: int) -> Call:
    """Get the last ``lines`` of a server's serial console."""
    return _server_action(server_id, {"os-getConsoleOutput": {"length": lines}})


def flavors() -> Call:
    """List the flavors, with details."""
    return Call(service="compute", method="GET", path="/flavors/detail")


def key_pairs() -> Call:
    """List the user's key pairs."""
    return Call(service="compute", method="GET", path="/os-keypairs")


def create_key_pair(name: str) -> Call:
    """Make a key pair; the answer is the only place where its private key ever is."""
    body = {"keypair": {"name": name}}
    return Call(service="compute", method="POST", path="/os-keypairs", body=body)


def import_key_pair(name: str, public_key: str) -> Call:
    """Keep a public key under a name."""
    body = {"keypair": {"name": name, "public_key": public_key}}
    return Call(service="compute", method="POST", path="/os-keypairs", body=body)


def delete_key_pair(name: str) -> Call:
    """Forget a key pair."""
    return Call(service="compute", method="DELETE", path=f"/os-keypairs/{name}")


def _server_action(server_id: str, body: Mapping[str, Any]) -> Call:
    return Call(service="compute", method="POST", path=f"/servers/{server_id}/action", body=body)
