"""The calls of novabox's own API that this client makes."""

from __future__ import annotations

from tui.client.call import Call


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
