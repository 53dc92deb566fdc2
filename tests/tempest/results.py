"""What Tempest found, counted by area, and as a page."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

import subunit
import testtools

from tests.tempest import settings

CORE: Final = Path(__file__).parent / "core.txt"
# area → the beginning of its tests' names, and how many of them the project wants to pass
AREAS: Final = {
    "identity": ("tempest.api.identity.", 120),
    "image": ("tempest.api.image.", 85),
    "object_storage": ("tempest.api.object_storage.", 145),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One test: its id without tags, how it ended, and why (where there is a reason)."""

    id: str
    outcome: str  # passed, failed, skipped, or (in a class that skipped whole) not run
    reason: str = ""

    @property
    def area(self) -> str:
        """The area it belongs to, "" for none."""
        return next((name for name, (prefix, _) in AREAS.items() if self.id.startswith(prefix)), "")


def read(stream: BinaryIO) -> list[Result]:
    """The results in a subunit stream."""
    found: list[Result] = []

    def keep(test: dict[str, Any]) -> None:
        outcome = {"success": "passed", "skip": "skipped"}.get(test["status"], "failed")
        found.append(Result(id=_bare(test["id"]), outcome=outcome, reason=_reason(test)))

    sink = testtools.StreamToDict(keep)
    sink.startTestRun()
    subunit.ByteStreamToStreamResult(stream, non_subunit_name="stdout").run(sink)
    sink.stopTestRun()
    return [one for one in found if one.id != "stdout"]


def completed(found: Iterable[Result], listed: Iterable[str]) -> list[Result]:
    """The results of all that was listed: a class that skips whole leaves no word of its tests."""
    by_id = {one.id: one for one in found}
    of_class = {
        name.split("(", 1)[1].rstrip(")"): one
        for name, one in by_id.items()
        if name.startswith(("setUpClass (", "tearDownClass ("))
    }
    results = []
    for name in map(_bare, listed):
        said = of_class.get(name.rpartition("[")[0].rpartition(".")[0])
        missing = Result(
            id=name, outcome=said.outcome if said else "skipped", reason=said.reason if said else ""
        )
        one = by_id.get(name, missing)
        results.append(one)
    broken = [one for name, one in by_id.items() if name.startswith("tearDownClass (")]
    return results + [one for one in broken if one.outcome == "failed"]


def skipped_classes(results: Iterable[Result]) -> str:
    """A regular expression for the classes of all that was skipped; empty when nothing was."""
    names = {one.id.partition("[")[0].rpartition(".")[0] for one in results if _is_skip(one)}
    return "|".join(re.escape(f"{name}.") for name in sorted(names))


def merged(first: Sequence[Result], second: Sequence[Result]) -> list[Result]:
    """The results of a first run, with those of a second in the place of what it skipped."""
    by_id = {one.id: one for one in second if not _is_skip(one)}
    kept = [by_id.pop(one.id, one) if _is_skip(one) else one for one in first]
    known = {one.id for one in first}
    return kept + [one for one in by_id.values() if one.id not in known] if first else list(second)


def _is_skip(one: Result) -> bool:
    return one.outcome == "skipped"


def core() -> frozenset[str]:
    """The tests that a person would expect a cloud on one machine to pass."""
    return frozenset(CORE.read_text().split())


def table(results: Sequence[Result]) -> list[tuple[str, int, int, int, int, int, int]]:
    """Per area: tests, passed, failed, skipped, core ones passed, core ones."""
    known, rows = core(), []
    for area in AREAS:
        own = [one for one in results if one.area == area]
        if not own:
            continue
        count = Counter(one.outcome for one in own)
        mine = [one for one in own if one.id in known]
        rows.append(
            (area, len(own), count["passed"], count["failed"], count["skipped"],
             sum(one.outcome == "passed" for one in mine), len(mine))
        )  # fmt: skip
    return rows


def shortfalls(results: Sequence[Result]) -> list[str]:
    """What the project's goals lack, in words; empty when all are met."""
    known = core()
    lacking = [
        f"{area}: {passed} pass, {AREAS[area][1]} are wanted"
        for area, _, passed, *_ in table(results)
        if passed < AREAS[area][1]
    ]
    return lacking + [
        f"core: {one.id} {one.outcome}: {one.reason}"
        for one in results
        if one.id in known and one.outcome != "passed" and AREAS[one.area][1]
    ]


def page(results: Sequence[Result], *, version: str) -> str:
    """The page as Markdown."""
    lines = [
        "# Conformance, measured", "",
        f"Written by `just tempest`: Tempest {version}, unchanged, against clouds of its own: one",
        "with one image store, and for what skips there one with two.",
        "*Core* are the tests of what a person would expect of a cloud on one machine",
        "(`tests/tempest/core.txt`). A test that skips is not counted as passed.", "",
        "| area | tests | passed | failed | skipped | core |",
        "| --- | --: | --: | --: | --: | --: |",
    ]  # fmt: skip
    for area, count, passed, failed, skipped, core_passed, core_count in table(results):
        numbers = f"{count} | {passed} | {failed} | {skipped} | {core_passed} of {core_count}"
        lines.append(f"| {area} | {numbers} |")
    lines += ["", "## Switched off", "", "| option | why |", "| --- | --- |"]
    lines += [f"| `[{s}] {o}` | {why} |" for (s, o), why in settings.SWITCHED_OFF.items()]
    for outcome in ("failed", "skipped"):
        own = sorted((one for one in results if one.outcome == outcome), key=lambda one: one.id)
        lines += ["", f"## {outcome.capitalize()}", ""]
        lines += [f"- `{_short(one.id)}`: {one.reason}" for one in own] or ["None."]
    return "\n".join(lines) + "\n"


def _bare(name: str) -> str:
    """`class.test[id-…]`, without the tags that follow the id, which change with options."""
    before, bracket, tags = name.partition("[")
    ids = [tag for tag in tags.rstrip("]").split(",") if tag.startswith("id-")]
    return f"{before}[{ids[0]}]" if bracket and ids else name


def _short(name: str) -> str:
    return name.partition("[")[0].removeprefix("tempest.api.")


def _reason(test: dict[str, Any]) -> str:
    """Why it was skipped, or the last line of its traceback."""
    details = {name: content.as_text() for name, content in test["details"].items()}
    if "reason" in details:
        return " ".join(details["reason"].split())[:200]
    lines = details.get("traceback", "").strip().splitlines()
    said = [line for line in lines if line and not line.startswith((" ", "Details"))]
    return (said[-1] if said else "")[:300]
