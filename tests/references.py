"""The generated pages of docs/reference: made from the code, compared by a test."""

import argparse
import dataclasses
from pathlib import Path
from typing import Final

from appliance import config
from appliance.cli import main as cli
from appliance.model import states, volume_states
from services.object.s3 import operations
from tui.catalog import __main__ as catalog
from tui.console import __main__ as console
from tui.serve import __main__ as serve
from tui.tell import __main__ as tell

ROOT: Final = Path(__file__).parents[1]
FOLDER: Final = ROOT / "docs/reference"
_NOTE: Final = "Written from the code by `just regenerate`.\n"


def config_page() -> str:
    """Every setting with its type, default and sentence."""
    lines = ["# Configuration", "", _NOTE]
    lines += ["`$NOVABOX_HOME/novabox.toml`; every key has a default, an unknown one is an error."]
    for name, kind in config.sections():
        lines += ["", f"## [{name}]", "", str(kind.__doc__), ""]
        lines += ["| key | default | meaning |", "| --- | --- | --- |"]
        lines += [_setting(field) for field in config.keys(kind)]
    top = config.keys(config.Settings)
    lines[4:4] = ["", "| key | default | meaning |", "| --- | --- | --- |", *map(_setting, top)]
    return "\n".join(lines) + "\n"


def _setting(field: "dataclasses.Field[object]") -> str:
    return f"| `{field.name}` | `{field.default!r}` | {field.metadata['help']} |"


def s3_page() -> str:
    """The operations of the S3 face: what is served, and what is answered NotImplemented."""
    lines = ["# S3 operations", "", _NOTE]
    lines += ["What is not served is answered `NotImplemented`, never by a success.", ""]
    lines += ["| operation | request | served |", "| --- | --- | --- |"]
    where = {"service": "/", "bucket": "/bucket", "object": "/bucket/key"}
    for op in sorted(operations.OPERATIONS, key=lambda op: op.name):
        query = f"?{op.subresource}" if op.subresource else ""
        request = f"`{op.method} {where[op.level]}{query}`"
        lines.append(f"| {op.name} | {request} | {'yes' if op.handler else 'no'} |")
    return "\n".join(lines) + "\n"


def states_page() -> str:
    """The transition table as a diagram and as rows."""
    lines = ["# Instance states", "", _NOTE, "```mermaid", "stateDiagram-v2"]
    launch = ("scheduled", "wired", "spawned", "failed", "failed-unplaced", "unwired", "destroyed")
    seen: set[str] = set()
    for event, row in states.TRANSITIONS.items():
        for before, after in row.items():
            line = f"    {_node(before)} --> {_node(after)}: {event}"
            if event in launch and line not in seen:
                seen.add(line)
                lines.append(line)
    lines += ["```", "", "| event | from | to |", "| --- | --- | --- |"]
    for event, row in states.TRANSITIONS.items():
        lines += [f"| {event} | {before} | {after} |" for before, after in row.items()]
    return "\n".join(lines) + "\n"


def volume_states_page() -> str:
    """The transition tables of volumes and snapshots as a diagram and as rows."""
    lines = ["# Volume and snapshot states", "", _NOTE, "```mermaid", "stateDiagram-v2"]
    for event, row in volume_states.TRANSITIONS.items():
        lines += [f"    {_words(a)} --> {_words(b)}: {event}" for a, b in row.items()]
    lines += ["```", "", "| event | volume from | to |", "| --- | --- | --- |"]
    for event, row in volume_states.TRANSITIONS.items():
        lines += [f"| {event} | {before} | {after} |" for before, after in row.items()]
    lines += ["", "| event | snapshot from | to |", "| --- | --- | --- |"]
    for happened, statuses in volume_states.SNAPSHOT_TRANSITIONS.items():
        lines += [f"| {happened} | {before} | {after} |" for before, after in statuses.items()]
    return "\n".join(lines) + "\n"


def _words(state: volume_states.VolumeState) -> str:
    return str(state).replace("-", "_").replace("/", "_")


def _node(state: states.State) -> str:
    return f"{state.vm}_{state.task or 'idle'}".replace("-", "_")


def cli_page() -> str:
    """`--help` of every command."""
    top = cli.parser()
    lines = ["# Commands", "", _NOTE, "```", top.format_help().rstrip(), "```"]
    elsewhere = {f"image {name}": parser for name, parser in _subcommands(catalog.parser())}
    elsewhere |= dict(_subcommands(tell.parser()))
    elsewhere["console"] = console.parser()
    elsewhere["serve"] = serve.parser()
    for name, parser in _subcommands(top):
        real = elsewhere.get(name, parser)
        inner = [(f"{name} {word}", one) for word, one in _subcommands(real) if real is not parser]
        for title, one in ((name, real), *inner):
            lines += ["", f"## novabox {title}", "", "```", one.format_help().rstrip(), "```"]
    return "\n".join(lines) + "\n"


def _subcommands(parser: argparse.ArgumentParser) -> list[tuple[str, argparse.ArgumentParser]]:
    found: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:  # argparse has no public way to list its commands
        if isinstance(action, argparse._SubParsersAction):
            for name, child in action.choices.items():
                found.append((name, child))
                found += [(f"{name} {inner}", one) for inner, one in _subcommands(child)]
    return found


PAGES: Final = {
    "config.md": config_page,
    "states.md": states_page,
    "volume_states.md": volume_states_page,
    "cli.md": cli_page,
    "s3.md": s3_page,
}


def write() -> None:
    """Rewrite the pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make())
