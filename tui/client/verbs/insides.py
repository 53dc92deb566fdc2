"""The calls that look inside objects and along paths."""

from __future__ import annotations

from urllib.parse import quote

from tui.client.call import Call


def xray(kind: str, key: str) -> Call:
    """Ask what an object is made of, as it really is."""
    path = f"/xray/{quote(kind, safe='')}/{quote(key, safe='')}"
    return Call(service="novabox", method="GET", path=path)


def check_path(source: str, target: str, protocol: str, port: int | None) -> Call:
    """Ask whether one end reaches another; an end is an instance, an address, host, outside."""
    body = {"from": source, "to": target, "protocol": protocol, "port": port}
    return Call(service="novabox", method="POST", path="/paths", body=body)
