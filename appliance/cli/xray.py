"""`novabox xray`, `novabox fsck`: what an object is really made of, and what does not agree."""

import argparse
import contextlib
import http.client
import json
import time
import urllib.parse
from typing import TYPE_CHECKING, Any, Final

from appliance import config, errors, keystone

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_KINDS: Final = ("instance", "volume", "snapshot", "image", "network", "container", "object")
_GLYPHS: Final = {
    "good": "●", "busy": "▒", "off": "■", "attention": "▲", "failed": "✗", "unknown": "?",
}  # fmt: skip
_TIMEOUT_S: Final = 60.0  # of a look at everything there is
_AGAIN_S: Final = 2.0  # what is changing just now agrees at the second look


def add_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this module's commands to the parser."""
    xray = commands.add_parser("xray", help="all that an object is made of, as it really is")
    xray.add_argument("kind", choices=_KINDS, metavar="KIND", help=", ".join(_KINDS))
    xray.add_argument(
        "id",
        metavar="ID",
        help="the object's id; of a container NAME, of an object CONTAINER/NAME, whosever it is",
    )
    xray.add_argument("--json", action="store_true", help="for scripts")
    xray.set_defaults(run=_xray)
    fsck = commands.add_parser("fsck", help="hold every row against the host; 1 if any is wrong")
    fsck.add_argument("--json", action="store_true", help="for scripts")
    fsck.set_defaults(run=_fsck)


def _xray(arguments: argparse.Namespace) -> int:
    key = urllib.parse.quote(arguments.id, safe="")
    tree = _get(config.load(), f"/novabox/v1/xray/{arguments.kind}/{key}")["xray"]
    print(json.dumps(tree, indent=2) if arguments.json else "\n".join(_lines(tree)))
    return 0


def _lines(node: dict[str, Any], indent: str = "", branch: str = "") -> list[str]:
    """The tree as text: a line a part, and one more for what does not agree."""
    words = [node["label"], _GLYPHS[node["meaning"]], node["word"], node["detail"]]
    lines = [f"{indent}{branch}{'  '.join(word for word in words if word)}"]
    below = indent + {"": "", "├─ ": "│  ", "└─ ": "   "}[branch]
    if node["mismatch"]:
        lines.append(f"{below}{'│  ' if node['children'] else '   '}✗ {node['mismatch']}")
    for child in node["children"]:
        is_last = child is node["children"][-1]
        lines += _lines(child, below, "└─ " if is_last else "├─ ")
    return lines


def _fsck(arguments: argparse.Namespace) -> int:
    settings = config.load()
    found = _get(settings, "/novabox/v1/fsck")["fsck"]
    if found["mismatches"]:
        time.sleep(_AGAIN_S)
        again = _get(settings, "/novabox/v1/fsck")["fsck"]
        before = {(one["kind"], one["id"], one["path"]) for one in found["mismatches"]}
        again["mismatches"] = [
            one for one in again["mismatches"] if (one["kind"], one["id"], one["path"]) in before
        ]
        found = again
    print(json.dumps(found, indent=2) if arguments.json else _report(found))
    return 1 if found["mismatches"] or found["unknown"] else 0


def _report(found: dict[str, Any]) -> str:
    lines = []
    for glyph, name in (("✗", "mismatches"), ("?", "unknown")):
        for one in found[name]:
            lines += [f"{glyph} {one['kind']} {one['id']}", f"  {one['path']}: {one['text']}"]
    counts = f"{found['checked']} objects looked through"
    if not lines:
        return f"● {counts}: every row agrees with the host"
    wrong, unknown = len(found["mismatches"]), len(found["unknown"])
    return "\n".join([*lines, f"{counts}: {wrong} do not match, {unknown} could not be looked at"])


def _get(settings: config.Settings, path: str) -> dict[str, Any]:
    """Ask the API as its administrator. Raises Unavailable, and what it answers otherwise."""
    token = keystone.Session(settings, "admin").token()
    address = urllib.parse.urlsplit(settings.api_url).netloc
    with contextlib.closing(http.client.HTTPConnection(address, timeout=_TIMEOUT_S)) as connection:
        try:
            connection.request("GET", path, headers={"X-Auth-Token": token.id})
            answer = connection.getresponse()
            body = json.loads(answer.read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise errors.Unavailable(f"{settings.api_url}{path}: {error!r}") from error
    if answer.status != http.HTTPStatus.OK:
        raise errors.NovaboxError(str(body.get("error", {}).get("message", body)))
    return dict(body)
