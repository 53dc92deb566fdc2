"""`python -m tests.bench [hop|objects|identity|…]`: measure, print, write the page.

NAMES are what there is. Without names all but `demo` are measured. `idle` and `launch` need the
cloud to be up (`novabox demo`), `demo` starts one of its own and needs it down. The page keeps the
last figures of what was not measured this time.
"""

import importlib
import json
import os
import platform
import sys
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs/reference/performance.md"
FIGURES: Final = ROOT / "docs/reference/performance.json"
NAMES: Final = ("hop", "objects", "identity", "image", "idle", "launch", "demo")


def main(names: list[str]) -> int:
    """Measure `names`, keep the figures, and write the page from all that are kept."""
    if unknown := set(names) - set(NAMES):
        print(f"bench: no measurement {sorted(unknown)}; there are {', '.join(NAMES)}")
        return 2
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for name in names or NAMES[:-1]:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        measured = importlib.import_module(f"tests.bench.{name}").measure()
        figures[name] = {key: round(value, 3) for key, value in measured.items()}
        print(json.dumps({name: figures[name]}, indent=2), flush=True)
    FIGURES.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n")
    PAGE.write_text(page(figures))
    return 0


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
    if objects := figures.get("objects"):
        rows += _object_rows(objects)
    if identity := figures.get("identity"):
        rows.append(
            ("validating a token",
             f"{identity['resolve_ms']:.2f} ms (p90 {identity['resolve_p90_ms']:.2f})",
             f"one Fernet decryption {identity['floor_ms']:.3f} ms; while nothing is written "
             f"{identity['again_ms']:.3f} ms", "< 1 ms",
             _met(identity["resolve_ms"] < 1))
        )  # fmt: skip
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
    for name, own in figures.items():
        module = importlib.import_module(f"tests.bench.{name}")
        for what, figure, against, goal, is_met in getattr(module, "rows", _none)(own):
            rows.append((what, figure, against, goal, _met(is_met)))
    return rows


def _none(_: dict[str, float]) -> list[tuple[str, str, str, str, bool]]:
    """What a measurement has that says its rows here."""
    return []


def _object_rows(objects: dict[str, float]) -> list[tuple[str, str, str, str, str]]:
    """The goals are multiples of what OpenStack Swift did on the project's idle machine."""
    return [
        ("object PUT, 4 KiB", f"{objects['put_ms']:.1f} ms",
         f"the same file and row durable without HTTP {objects['floor_ms']:.1f} ms", "≤ 3 ms",
         _met(objects["put_ms"] <= 3)),
        ("object GET, 4 KiB", f"{objects['get_ms']:.1f} ms", "-", "≤ 1.1 ms (Swift / 6)",
         _met(objects["get_ms"] <= 1.1)),
        ("object PUT, 64 MiB", f"{objects['put_mib_s']:.0f} MiB/s",
         f"md5 alone {objects['md5_mib_s']:.0f} MiB/s", "≥ 228 MiB/s (Swift)",
         _met(objects["put_mib_s"] >= 228)),
        ("object GET, 64 MiB", f"{objects['get_mib_s']:.0f} MiB/s", "-",
         "≥ 820 MiB/s (Swift × 2.5)", _met(objects["get_mib_s"] >= 820)),
    ]  # fmt: skip


def _met(is_met: bool) -> str:
    return "yes" if is_met else "**not met**"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
