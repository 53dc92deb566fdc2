"""The calls of Compute v2.1 that this client makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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


def delete_key_pair(name: str) -> Call:
    """Forget a key pair."""
    return Call(service="compute", method="DELETE", path=f"/os-keypairs/{name}")


def _server_action(server_id: str, body: Mapping[str, Any]) -> Call:
    return Call(service="compute", method="POST", path=f"/servers/{server_id}/action", body=body)
