"""`novabox`: one table of commands; each lives in a module of its own."""

import argparse
import sys
from collections.abc import Sequence

from appliance import VERSION, errors
from appliance.cli import cloud, inspect, parts, programs, xray


def parser() -> argparse.ArgumentParser:
    """The whole command line; `--help` of any command is all there is to know about it."""
    top = argparse.ArgumentParser(
        prog="novabox",
        description="A whole cloud on one machine, driven from a terminal.",
        epilog="The cloud's state is one folder: NOVABOX_HOME (default /var/lib/novabox).",
    )
    top.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (cloud, inspect, xray, parts, programs):
        module.add_commands(commands)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit status: 0 done, 1 failed (the reason is on stderr), 2 misused."""
    top = parser()
    arguments, more = top.parse_known_args(argv)
    arguments.more = more
    if more and not getattr(arguments, "takes_more", False):
        top.error(f"unknown: {' '.join(more)}")
    try:
        return int(arguments.run(arguments) or 0)
    except errors.NovaboxError as error:
        print(f"novabox: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
