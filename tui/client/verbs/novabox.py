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


def control_service(topic: str, verb: str) -> Call:
    """Restart, stop, start or kill a process."""
    return Call(service="novabox", method="POST", path=f"/services/{topic}/{verb}")


def service_log(topic: str, *, lines: int) -> Call:
    """Get the newest lines of a process's log."""
    return Call(service="novabox", method="GET", path=f"/services/{topic}/log?lines={lines}")


def service_log_since(topic: str, offset: int) -> Call:
    """Get what was written to a process's log since."""
    return Call(service="novabox", method="GET", path=f"/services/{topic}/log?since={offset}")


def topics() -> Call:
    """List the topics, how much waits in each, and how busy they were."""
    return Call(service="novabox", method="GET", path="/topics")


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


def control_message(topic: str, message_id: str, verb: str) -> Call:
    """Release, raise, drop, bury (``dead``) or retry one message."""
    path = f"/topics/{topic}/messages/{message_id}/{verb}"
    return Call(service="novabox", method="POST", path=path)


def status() -> Call:
    """Get what the cloud itself costs."""
    return Call(service="novabox", method="GET", path="/status")


def console_input(server_id: str, *, is_forced: bool = False) -> Call:
    """Type on a server's console; goes with ``Session.send_bytes``."""
    query = "?force=yes" if is_forced else ""
    path = f"/consoles/{server_id}/input{query}"
    return Call(service="novabox", method="POST", path=path, media_type="application/octet-stream")


def release_console(server_id: str) -> Call:
    """Let others type on a server's console."""
    return Call(service="novabox", method="DELETE", path=f"/consoles/{server_id}/input")


def console_break(server_id: str) -> Call:
    """Send a break on a server's console."""
    return Call(service="novabox", method="POST", path=f"/consoles/{server_id}/break")


def console_ctrl_alt_del(server_id: str) -> Call:
    """Press Ctrl+Alt+Del on a server's keyboard."""
    return Call(service="novabox", method="POST", path=f"/consoles/{server_id}/ctrl-alt-del")


def console(instance_id: str) -> Call:
    """Hear what the guest says on its serial line: kept output first, then as it comes."""
    return Call(service="novabox", method="GET", path=f"/consoles/{instance_id}")


def volume_uses() -> Call:
    """Ask what each volume really takes on the disk."""
    return Call(service="novabox", method="GET", path="/xray/volumes")
