"""`python -m tests.bench [hop|object|image|…]`: measure, print, write the page.

Without names all but `monkey` and `demo` are measured. `object` runs OpenStack Swift beside ours,
and takes `--rounds`, `--seconds`, `--large-mib` and `--listed` for a shorter run; `image` runs
Glance. `idle` and `launch` need the cloud to be up (`novabox demo`), `demo` starts one of its own
and needs it down. `tui` and `tui_tests` (the tests that assert the interface's other goals) write
docs/reference/tui.md, with what `console`, `idle` and `monkey` (ten minutes) found. The pages keep
the last figures of what was not measured this time.
"""

import argparse
import datetime
import importlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import Final

from appliance import errors
from tests.bench import console, identity, image, object_page, objects, tui_page

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/reference/performance.md"
FIGURES: Final = ROOT / "docs/reference/performance.json"
NAMES: Final = (
    "hop", "object", "identity", "image", "console", "tui", "tui_tests", "idle", "launch",
    "monkey", "demo",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Measure what is named, keep the figures, and write the page from all that are kept."""
    given = _parser().parse_args(arguments)
    names = given.names
    if unknown := set(names) - set(NAMES):
        print(f"bench: no measurement {sorted(unknown)}; there are {', '.join(NAMES)}")
        return 2
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name in names or NAMES[:-2]:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        try:
            measured = _measure(name, given)
        except errors.Unavailable as error:
            print(f"bench: {name}: {error}")
            return 1
        figures[name] = {key: round(value, 3) for key, value in measured.items()}
        print(json.dumps({name: figures[name]}, indent=2), flush=True)
    FIGURES.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    PAGE.write_text(page(figures))
    if "tui" in figures:
        parts = (
            figures.get(name, {}) for name in ("console", "idle", "monkey", "tui", "tui_tests")
        )
        tui_page.PAGE.write_text(tui_page.page({k: v for part in parts for k, v in part.items()}))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="just bench")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(NAMES))
    usual = objects.Options()
    parser.add_argument("--rounds", type=int, default=usual.rounds)
    parser.add_argument("--seconds", type=float, default=usual.seconds, help="of small requests")
    parser.add_argument("--large-mib", type=int, nargs="*", default=usual.large_mib)
    parser.add_argument("--listed", type=int, nargs="*", default=usual.listed, help="names")
    return parser


def _measure(name: str, given: argparse.Namespace) -> dict[str, float]:
    if name != "object":
        found: dict[str, float] = importlib.import_module(f"tests.bench.{name}").measure()
        return found
    options = objects.Options(
        rounds=given.rounds, seconds=given.seconds, large_mib=tuple(given.large_mib),
        listed=tuple(given.listed),
    )  # fmt: skip
    return objects.measure(options) | {
        "rounds": options.rounds, "date": float(f"{datetime.datetime.now(datetime.UTC):%Y%m%d}"),
    }  # fmt: skip


def page(figures: dict[str, dict[str, float]]) -> str:
    """The page as Markdown; a goal that was not met says so."""
    lines = [
        "# Performance, measured", "",
        "Written by `just bench`; nothing here is typed by hand. Medians of one run; compare",
        "ratios, not milliseconds of other machines.",
        f"Machine: {os.cpu_count()} cores, {platform.machine()}.",
        "",
        "| what | figure | compared with | goal | met |", "| --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for row in _rows(figures):
        lines.append("| " + " | ".join(row) + " |")
    if "object" in figures:
        lines += ["", *object_page.lines(figures["object"])]
    return "\n".join(lines) + "\n"


def _rows(figures: dict[str, dict[str, float]]) -> list[tuple[str, str, str, str, str]]:
    rows = []
    if demo := figures.get("demo"):
        rows.append(
            ("`novabox demo`, from installed packages to the ssh login", f"{demo['total_s']:.1f} s",
             f"image build {demo['build_s']:.1f} s, guest boot {demo['boot_s']:.1f} s",
             "≤ 45 s", _met(demo["total_s"] <= 45))
        )  # fmt: skip
        rows.append(
            ("… all that is neither image build nor guest boot", f"{demo['rest_s']:.1f} s", "-",
             "≤ 10 s", _met(demo["rest_s"] <= 10))
        )  # fmt: skip
    if hop := figures.get("hop"):
        against = (
            f"stock huey's polling {hop['stock_ms']:.0f} ms; "
            f"two fsynced SQLite commits {hop['floor_ms']:.2f} ms"
        )
        figure = f"{hop['bell_ms']:.2f} ms (p90 {hop['bell_p90_ms']:.2f})"
        rows.append(("queue hop", figure, against, "≤ 2 ms", _met(hop["bell_ms"] <= 2)))
    if idle := figures.get("idle"):
        rows.append(
            ("all services idle, PSS", f"{idle['pss_mib']:.0f} MiB", "-", "≤ 250 MiB",
             _met(idle["pss_mib"] <= 250))
        )  # fmt: skip
        rows.append(
            ("all services idle, CPU", f"{idle['cpu_percent']:.2f} % of a core", "-", "≤ 1 %",
             _met(idle["cpu_percent"] <= 1))
        )  # fmt: skip
    if launch := figures.get("launch"):
        limit_ms = 1.3 * launch["bare_ms"] + 150
        rows.append(
            ("launch of a cached image, request → ACTIVE", f"{launch['cloud_ms']:.0f} ms",
             f"bare define + start of the same XML and overlay {launch['bare_ms']:.0f} ms "
             f"(× {launch['cloud_ms'] / launch['bare_ms']:.2f})",
             f"≤ 1.3 × bare + 150 ms = {limit_ms:.0f} ms", _met(launch["cloud_ms"] <= limit_ms))
        )  # fmt: skip
    for module in (identity, image, console):
        own = figures.get(module.__name__.rpartition(".")[2])
        for what, figure, against, goal, is_met in module.rows(own) if own else ():
            rows.append((what, figure, against, goal, _met(is_met)))
    return rows


def _met(is_met: bool) -> str:
    return "yes" if is_met else "**not met**"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
