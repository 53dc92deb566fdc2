"""``python -m tui.tell``: arguments, the call, what is printed, the exit status."""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tui.client import credentials, journal, plans, verbs
from tui.client.call import Call
from tui.client.credentials import Credentials
from tui.client.errors import ClientError
from tui.client.session import Session
from tui.tell import sentences

KINDS = ("instance", "volume", "snapshot", "image", "topic", "service", "host", "project")
DELETED = (
    "instance", "volume", "snapshot", "image", "network", "subnet", "port", "security_group",
    "security_group_rule", "key_pair",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Ask and tell; 0, 1 when it was refused (also a plan that would be), 2 when misused."""
    options = parser().parse_args(arguments)
    try:
        call = options.call(options)
        who = credentials.find(os.environ, cloud=options.cloud)
        body = asyncio.run(_ask(who, call))
        told = options.tell(body)
    except (ClientError, OSError) as error:
        print(f"novabox: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(body, indent=2) if options.json else "\n".join(told))
    return 1 if isinstance(body, dict) and (body.get("plan") or {}).get("refusal") else 0


def parser() -> argparse.ArgumentParser:
    """All commands; the reference shows their help too."""
    top = argparse.ArgumentParser(prog="novabox", description="What the cloud says of itself.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    explain = commands.add_parser(
        "explain", description="Why something is in error, or what it waits for, in numbers.",
        epilog="Example: novabox explain instance web",
    )  # fmt: skip
    explain.add_argument("kind", choices=KINDS)
    explain.add_argument("key", metavar="ID", help="its id; its name where that is one thing's")
    _asks(explain, lambda o: verbs.planning.explanation(o.kind, o.key), _told(plans.explanation,
          sentences.explanation))  # fmt: skip
    capacity = commands.add_parser(
        "capacity", description="Who has the room, what still fits and why not, quotas, forecast."
    )
    capacity.add_argument(
        "--imagine", action="append", default=[], metavar="FLAVOR",
        help="as if one of that flavor ran too; may be given often",
    )  # fmt: skip
    _asks(capacity, lambda o: verbs.planning.capacity(o.imagine), _told(plans.capacity,
          sentences.capacity))  # fmt: skip
    _deeds(commands)
    plan = commands.add_parser("plan", description="What something would do, without doing it.")
    _plans(plan.add_subparsers(required=True, metavar="WHAT"))
    return top


def _deeds(commands: Any) -> None:
    listed = commands.add_parser(
        "journal", description="Who did what, the newest first, and what can still be undone."
    )
    listed.add_argument("--limit", type=int, default=20, help="how many entries")
    _asks(listed, lambda o: verbs.journal.entries(o.limit), lambda body: sentences.entries(
          journal.entries(body), now_s=time.time()))  # fmt: skip
    for name, verb, purpose in (
        ("undo", verbs.journal.undo, "Take back what was done: your last act, or the one named."),
        ("redo", verbs.journal.redo, "Do again what was undone: what you undid last, or that."),
    ):
        each = commands.add_parser(
            name, description=purpose,
            epilog="What was deleted is kept for a while (trash.kept_s, ten minutes); what ended "
            "for good, as a terminated instance, says so.",
        )  # fmt: skip
        each.add_argument(
            "key", metavar="ID", nargs="?", default=verbs.journal.NEWEST,
            help="as `novabox journal` lists it",
        )  # fmt: skip
        _asks(each, _turning(verb), _told(journal.entry, sentences.turned))


def _turning(verb: Callable[[str], Call]) -> Callable[[argparse.Namespace], Call]:
    return lambda options: verb(options.key)


def _plans(commands: Any) -> None:
    run = commands.add_parser(
        "run", description="Where instances would go, and what they would take of the quota.",
        epilog="Example: novabox plan run --image ID --flavor m1.tiny web",
    )  # fmt: skip
    run.add_argument("name", nargs="?", default="plan")
    run.add_argument("--image", required=True, metavar="ID")
    run.add_argument("--flavor", required=True, metavar="FLAVOR", help="id or name")
    run.add_argument("--key-name", metavar="KEY")
    run.add_argument("--network", action="append", default=[], metavar="ID")
    run.add_argument("--security-group", action="append", default=[], metavar="GROUP")
    run.add_argument("--user-data", type=Path, metavar="FILE")
    run.add_argument("--count", type=int, default=1)
    _asks(run, lambda o: verbs.planning.plan_run(_server(o)), _told(plans.run_plan,
          sentences.run_plan))  # fmt: skip
    for name, verb in (
        ("attach", verbs.planning.plan_attach), ("detach", verbs.planning.plan_detach),
    ):  # fmt: skip
        each = commands.add_parser(name, description=f"What it would do to {name} a volume.")
        each.add_argument("server", metavar="SERVER", help="id")
        each.add_argument("volume", metavar="VOLUME", help="id")
        _asks(each, _attachment(verb), _told(plans.plan, sentences.plan))
    delete = commands.add_parser("delete", description="What goes with it, and what stays.")
    delete.add_argument("kind", choices=DELETED)
    delete.add_argument("key", metavar="ID", help="its id; of a key pair its name")
    _asks(delete, lambda o: verbs.planning.plan_delete(o.kind, o.key), _told(plans.plan,
          sentences.plan))  # fmt: skip


def _asks(
    parser: argparse.ArgumentParser,
    call: Callable[[argparse.Namespace], Call],
    tell: Callable[[Any], list[str]],
) -> None:
    # `novabox` takes this one out, and logs that user in
    parser.add_argument(
        "--user", choices=("admin", "demo"), help="who asks the cloud of this machine"
    )
    parser.add_argument("--cloud", metavar="NAME", help="another cloud, of clouds.yaml")
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.set_defaults(call=call, tell=tell)


def _attachment(verb: Callable[[str, str], Call]) -> Callable[[argparse.Namespace], Call]:
    return lambda options: verb(options.server, options.volume)


def _told(
    read: Callable[[Any], Any], say: Callable[[Any], list[str]]
) -> Callable[[Any], list[str]]:
    return lambda body: say(read(body))


def _server(options: argparse.Namespace) -> dict[str, Any]:
    """The server as Compute v2.1 takes it. Raises OSError for a file that cannot be read."""
    server: dict[str, Any] = {
        "name": options.name, "imageRef": options.image, "flavorRef": options.flavor,
        "min_count": options.count, "max_count": options.count,
    }  # fmt: skip
    if options.key_name:
        server["key_name"] = options.key_name
    if options.network:
        server["networks"] = [{"uuid": one} for one in options.network]
    if options.security_group:
        server["security_groups"] = [{"name": one} for one in options.security_group]
    if options.user_data:
        server["user_data"] = base64.b64encode(options.user_data.read_bytes()).decode()
    return server


async def _ask(who: Credentials, call: Call) -> Any:
    async with Session(who) as session:
        return (await session.send(call)).body


if __name__ == "__main__":
    sys.exit(main())
