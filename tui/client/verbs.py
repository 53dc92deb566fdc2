"""The API calls this client makes, one function a call; each returns a ``Call``, sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tui.client.call import Call

# --- Compute v2.1 ---------------------------------------------------------------------------


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


# --- Image v2 -------------------------------------------------------------------------------


def images(name: str | None = None) -> Call:
    """List images, all of them or those of one name."""
    query = "" if name is None else f"?name={name}"
    return Call(service="image", method="GET", path=f"/v2/images{query}")


def image(image_id: str) -> Call:
    """Show one image."""
    return Call(service="image", method="GET", path=f"/v2/images/{image_id}")


def tagged_images(tag: str) -> Call:
    """List the images that have a tag."""
    return Call(service="image", method="GET", path=f"/v2/images?{urlencode({'tag': tag})}")


def create_image(image: Mapping[str, Any]) -> Call:
    """Register an image that has no data yet."""
    return Call(service="image", method="POST", path="/v2/images", body=image)


def upload_image(image_id: str) -> Call:
    """Send an image's data: goes with ``Session.upload``."""
    return Call(service="image", method="PUT", path=f"/v2/images/{image_id}/file")


def hide_image(image_id: str) -> Call:
    """Take an image out of the lists; it stays for those who know its id."""
    change = {"op": "replace", "path": "/os_hidden", "value": True}
    return Call(
        service="image", method="PATCH", path=f"/v2/images/{image_id}", body=[change],
        media_type="application/openstack-images-v2.1-json-patch",
    )  # fmt: skip


def delete_image(image_id: str) -> Call:
    """Delete an image."""
    return Call(service="image", method="DELETE", path=f"/v2/images/{image_id}")


# --- Block Storage v3 -----------------------------------------------------------------------


def volumes() -> Call:
    """List the project's volumes, with details."""
    return Call(service="block-storage", method="GET", path="/volumes/detail")


def delete_volume(volume_id: str) -> Call:
    """Delete a volume."""
    return Call(service="block-storage", method="DELETE", path=f"/volumes/{volume_id}")


def detach_volume(server_id: str, volume_id: str) -> Call:
    """Take a volume from its server."""
    path = f"/servers/{server_id}/os-volume_attachments/{volume_id}"
    return Call(service="compute", method="DELETE", path=path)


# --- Networking v2.0 ------------------------------------------------------------------------


def networks() -> Call:
    """List the networks the project can use."""
    return Call(service="network", method="GET", path="/v2.0/networks")


def security_groups(name: str) -> Call:
    """List the project's security groups of one name."""
    return Call(service="network", method="GET", path=f"/v2.0/security-groups?name={name}")


def create_security_group_rule(rule: Mapping[str, Any]) -> Call:
    """Open something in a security group."""
    body = {"security_group_rule": rule}
    return Call(service="network", method="POST", path="/v2.0/security-group-rules", body=body)


# --- novabox's own --------------------------------------------------------------------------


def requests(limit: int) -> Call:
    """List the newest requests that left a trace."""
    return Call(service="novabox", method="GET", path=f"/requests?limit={limit}")


def request(request_id: str) -> Call:
    """Get the hops of one request."""
    return Call(service="novabox", method="GET", path=f"/requests/{request_id}")


def services() -> Call:
    """List the processes of the cloud."""
    return Call(service="novabox", method="GET", path="/services")


def topic(name: str) -> Call:
    """Look at the messages waiting in a topic."""
    return Call(service="novabox", method="GET", path=f"/topics/{name}")


def pause_topic(name: str) -> Call:
    """Keep a topic's workers from taking messages."""
    return Call(service="novabox", method="POST", path=f"/topics/{name}/pause")


def resume_topic(name: str) -> Call:
    """Let a topic's workers take messages again."""
    return Call(service="novabox", method="POST", path=f"/topics/{name}/resume")


def step_topic(name: str) -> Call:
    """Let one message of a paused topic through."""
    return Call(service="novabox", method="POST", path=f"/topics/{name}/step")


def status() -> Call:
    """Get what the cloud itself costs."""
    return Call(service="novabox", method="GET", path="/status")
