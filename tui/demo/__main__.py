"""``python -m tui.demo``: arguments, the end of the story, the exit status."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from pathlib import Path

from tui import glyphs, quantities
from tui.client import credentials
from tui.client.errors import ClientError
from tui.client.session import Session
from tui.demo import journey
from tui.demo.failure import DemoFailed
from tui.demo.journey import Outcome
from tui.demo.teller import Teller


def main(arguments: list[str] | None = None) -> int:
    """Do the job; return 0, 1 when it failed, or 130 when it was interrupted."""
    options = _parser().parse_args(arguments)
    outcome = Outcome()
    # With --json the story goes to stderr: stdout is for whoever reads the document.
    teller = Teller(glyphs.choose("auto", os.environ), sys.stderr if options.json else sys.stdout)
    try:
        asyncio.run(_run(options, outcome, teller))
    except KeyboardInterrupt:
        _tell_stop("interrupted", outcome, teller)
        return 130
    except (ClientError, DemoFailed, TimeoutError) as error:
        _tell_stop(str(error) or type(error).__name__, outcome, teller)
        return 1
    _tell_end(outcome, teller)
    if options.json:
        print(json.dumps(outcome.document(teller)))
    return 0


async def _run(options: argparse.Namespace, outcome: Outcome, teller: Teller) -> None:
    async with Session(credentials.find(os.environ)) as session:
        await journey.go(
            session, build=options.build_tiny, folder=options.keys, outcome=outcome, teller=teller
        )


def _tell_stop(reason: str, outcome: Outcome, teller: Teller) -> None:
    teller.say(f"{teller.glyphs.failed} {reason}", style="bold red")
    left = ", ".join(outcome.left) or "nothing"
    teller.say(f"Left in the cloud: {left}. Run the demo again to go on.")


def _tell_end(outcome: Outcome, teller: Teller) -> None:
    teller.say("")
    teller.say("What took how long:")
    total_s = teller.total_s
    for step in teller.steps:
        bar = teller.glyphs.bar(step.seconds / total_s if total_s else 0.0, width=24)
        teller.say(f"  {step.name:<26} {bar} {quantities.duration(step.seconds * 1e6):>9}")
    teller.say(f"  {'in all':<26} {'':24} {quantities.duration(total_s * 1e6):>9}", style="bold")
    teller.say("")
    teller.say("How to go on:")
    for command, purpose in journey.advice(outcome):
        *above, last = command.split("\n")
        for line in above:
            teller.say(f"  {line}")
        teller.say(f"  {last:<62}  {purpose}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="novabox demo",
        description="From nothing to a guest that answers ssh, through the public APIs only.",
    )
    parser.add_argument("--json", action="store_true", help="print the timings as JSON at the end")
    parser.add_argument(
        "--keys", type=Path, required=True, metavar="DIR", help="where the private key is kept"
    )
    parser.add_argument(
        "--build-tiny", nargs=argparse.REMAINDER, default=[], metavar="CMD",
        help="the command that builds ami-tiny; gets --out DIR/ami-tiny; must come last",
    )  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
