"""The goals of the interface: what is promised, and what shows that it is so.

A goal is shown by figures of `tests.bench.tui`, or by tests that assert it; `tests.bench.tui_page`
writes the page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

Figures = Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One promise: ``told`` writes its figures, ``is_met`` holds them against the target.

    ``tests`` are pytest's names of what asserts it; all must pass. ``note`` says what a figure
    leaves out.
    """

    id: str
    what: str
    target: str
    told: Callable[[Figures], str] | None = None
    is_met: Callable[[Figures], bool] | None = None
    tests: tuple[str, ...] = ()
    note: str = ""


GOALS: Final = (
    Goal(
        id="G-01", what="Key to paint, cursor in a list of 10 000 rows, 80x24",
        target="p50 ≤ 10 ms, p95 ≤ 33 ms",
        told=lambda f: f"p50 {f['move_p50_ms']:.1f} ms, p95 {f['move_p95_ms']:.1f} ms",
        is_met=lambda f: f["move_p50_ms"] <= 10 and f["move_p95_ms"] <= 33,
    ),
    Goal(
        id="G-03", what="Start to first useful paint: what was last seen, marked stale",
        target="≤ 400 ms, ≤ 300 ms of CPU",
        told=lambda f: f"{f['first_paint_ms']:.0f} ms, {f['first_paint_cpu_ms']:.0f} ms of CPU",
        is_met=lambda f: f["first_paint_ms"] <= 400 and f["first_paint_cpu_ms"] <= 300,
        tests=("tests/tui/test_cache.py",),
    ),
    Goal(
        id="G-04", what="Start to live data", target="≤ 800 ms",
        told=lambda f: f"{f['live_ms']:.0f} ms", is_met=lambda f: f["live_ms"] <= 800,
    ),
    Goal(
        id="G-05", what="Shell verbs import no Textual and no Rich", target="0 modules",
        tests=("tests/appliance/test_cli_imports.py",),
    ),
    Goal(
        id="G-06", what="Event to screen", target="p95 ≤ 100 ms",
        told=lambda f: f"p50 {f['event_p50_ms']:.0f} ms, p95 {f['event_p95_ms']:.0f} ms",
        is_met=lambda f: f["event_p95_ms"] <= 100,
    ),
    Goal(
        id="G-07", what="100 000 instances: open, filter, memory",
        target="≤ 500 ms, ≤ 150 ms, ≤ 150 MiB",
        told=lambda f: f"{f['rows_open_ms']:.0f} ms, {f['rows_filter_ms']:.0f} ms, "
        f"{f['rows_pss_mib']:.0f} MiB PSS",
        is_met=lambda f: f["rows_open_ms"] <= 500 and f["rows_filter_ms"] <= 150
        and f["rows_pss_mib"] <= 150,
    ),
    Goal(
        id="G-08", what="Memory of Home, 1 000 instances", target="≤ 60 MiB PSS",
        told=lambda f: f"{f['home_pss_mib']:.0f} MiB", is_met=lambda f: f["home_pss_mib"] <= 60,
    ),
    Goal(
        id="G-09", what="A minute of an idle cloud: CPU and wake-ups",
        target="≤ 0.5 % of a core, 0 wake-ups/s",
        told=lambda f: f"{f['idle_cpu_percent']:.2f} %, {f['idle_wakeups_per_s']:.2f} a second",
        is_met=lambda f: f["idle_cpu_percent"] <= 0.5 and f["idle_wakeups_per_s"] < 0.5,
        note="ages and the clock are drawn once a minute, so it is never quite 0",
    ),
    Goal(
        id="G-10", what="Bytes a cursor move, 80x24, 16 colours", target="≤ 600 mean",
        told=lambda f: f"{f['move_bytes']:.0f}; a page {f['page_bytes']:.0f}",
        is_met=lambda f: f["move_bytes"] <= 600,
    ),
    Goal(
        id="G-11", what="At 115 200 baud: moves a second with a key held down at 30 a second, and "
        "how long it goes on drawing when that is released",
        target="≥ 10, at most a frame (200 ms)",
        told=lambda f: f"{f['slow_moves_per_s']:.0f} a second, {f['slow_lag_ms']:.0f} ms",
        is_met=lambda f: f["slow_moves_per_s"] >= 10 and f["slow_lag_ms"] <= 200,
        note="a round trip adds to what one sees, not to the moves: nothing waits for an answer",
    ),
    Goal(
        id="G-12", what="From 80x24 on every screen is whole", target="100 % of screens",
        tests=("tests/tui/test_matrix.py::test_from_80_by_24_on_nothing_is_out_of_sight_that_no"
               "_key_reaches",),
    ),
    Goal(
        id="G-13", what="60x20 shows list and keys, below 40x12 a message", target="all",
        tests=("tests/tui/test_matrix.py::test_a_small_terminal_still_shows_the_list_and_its_keys",
               "tests/tui/test_matrix.py::test_a_terminal_without_room_for_a_list_says_so_until_it"
               "_has"),
    ),
    Goal(
        id="G-14", what="Every sign is in the Linux console's font (`--glyphs tty`)",
        target="0 missing",
        tests=("tests/tui/test_matrix.py::test_every_sign_is_one_that_the_terminal_has",),
    ),
    Goal(
        id="G-15", what="ASCII mode", target="U+0020 to U+007E only",
        tests=("tests/tui/test_matrix.py::test_every_sign_is_one_that_the_terminal_has",
               "tests/tui/test_golden.py::test_ascii_mode_shows_ascii_only"),
    ),
    Goal(
        id="G-16", what="No meaning by colour alone", target="every state has a word",
        tests=("tests/tui/test_matrix.py::test_no_state_is_told_by_colour_alone",
               "tests/tui/test_matrix.py::test_a_light_screen_says_what_a_dark_one_says"),
    ),
    Goal(
        id="G-17", what="Contrast of each theme, and states for colour-blind eyes",
        target="≥ 7:1 text, ≥ 4.5:1 dim, ΔE ≥ 20", tests=("tests/tui/test_themes.py",),
    ),
    Goal(
        id="G-18", what="Line mode for screen readers (`--linear`)", target="every screen",
        tests=("tests/tui/linear",),
    ),
    Goal(
        id="G-19", what="Every action by key, palette and shell; every key in `?`",
        target="100 %", tests=("tests/tui/test_actions.py", "tests/tui/test_keymaps.py"),
    ),
    Goal(
        id="G-20", what="The cloud's own memory, idle", target="≤ 150 MiB, ≤ 10 processes",
        told=lambda f: f"{f['pss_mib']:.0f} MiB PSS, {f['processes']:.0f} processes",
        is_met=lambda f: f["pss_mib"] <= 150 and f["processes"] <= 10,
    ),
    Goal(
        id="G-21", what="The cloud's own CPU, idle", target="≤ 1 % of a core",
        told=lambda f: f"{f['cpu_percent']:.2f} %", is_met=lambda f: f["cpu_percent"] <= 1,
    ),
    Goal(
        id="G-33", what="In a browser: every screen, every key (`novabox serve`)",
        target="the same", tests=("tests/tui/serve",),
    ),
    Goal(
        id="G-34", what="A guest's console under flood: throughput, and the echo of a key",
        target="≥ 5 MB/s, no key missed, p95 ≤ 60 ms",
        told=lambda f: f"{f['screen_yes_mb_s']:.1f} MB/s, {f['screen_yes_keys_missed']:.0f} of "
        f"{f['screen_yes_keys']:.0f} missed, p95 {f['screen_yes_key_p95_ms']:.0f} ms",
        is_met=lambda f: f["screen_yes_mb_s"] >= 5 and not f["screen_yes_keys_missed"]
        and f["screen_yes_key_p95_ms"] <= 60,
    ),
    Goal(
        id="G-35", what="A guest's console is right: `vim`, `htop`, `less`, …",
        target="golden screens", tests=("tests/tui/console/test_casts.py",
                                        "tests/tui/console/test_emulator.py"),
    ),
    Goal(
        id="G-36", what="A new user runs an instance and reaches its prompt", target="≤ 12 keys",
        tests=("tests/system/test_first_minute.py",),
    ),
    Goal(
        id="G-37", what="Any object by a part of its name", target="≤ 4 keys and the part",
        tests=("tests/tui/test_finding.py",),
    ),
    Goal(
        id="G-38", what="Nothing is destroyed by fewer than two keys, one with Ctrl",
        target="100 %", tests=("tests/tui/test_actions.py",),
    ),
    Goal(
        id="G-39", what="Undo of what can be undone", target="100 %",
        tests=("tests/services/api/cloud/test_undo.py", "tests/services/compute/test_undo.py"),
    ),
    Goal(
        id="G-40", what="Ten minutes of random keys end nothing (`just monkey`)",
        target="0 crashes",
        told=lambda f: f"{f['monkey_crashes']:.0f} crashes in {f['monkey_presses']:.0f} keys, "
        f"{f['monkey_minutes']:.1f} minutes",
        is_met=lambda f: f["monkey_crashes"] == 0 and f["monkey_minutes"] >= 10,
        tests=("tests/tui/test_monkey.py",),
    ),
    Goal(
        id="G-41", what="What one thing done in the loop takes, at most", target="≤ 16 ms",
        told=lambda f: f"{f['loop_max_ms']:.0f} ms of CPU; {f['loop_over']:.0f} of "
        f"{f['loop_calls']:.0f} over 16 ms",
        is_met=lambda f: f["loop_over"] == 0,
    ),
    Goal(
        id="G-42", what="Snapshots of screens, sizes, signs and themes",
        target="≥ 400 in ≤ 120 s",
        told=lambda f: f"{f['snapshots']:.0f} in {f['snapshots_s']:.0f} s "
        f"({f['snapshots_cpu_s']:.0f} s of CPU)",
        is_met=lambda f: f["snapshots"] >= 400 and f["snapshots_s"] <= 120,
    ),
    Goal(
        id="G-43", what="`TERM` of linux, xterm, screen, tmux-256color, vt220; no Kitty keys",
        target="all keys work",
        tests=("tests/pty/test_terminals.py::test_every_default_key_works_in_every_terminal",),
    ),
    Goal(
        id="G-44", what="Names of 200 signs, emoji, right to left; zones and clocks",
        target="no crash, no drift", tests=("tests/tui/test_names.py",),
    ),
)  # fmt: skip
