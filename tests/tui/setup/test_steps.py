"""How far setting up is, read off the lines of real commands."""

from __future__ import annotations

from tests.tui.setup import stub
from tui.setup import steps
from tui.setup.checks import Findings
from tui.setup.steps import Progress


def shown(progress: Progress) -> list[tuple[str, str, int]]:
    return [(step.name, step.state, step.done) for step in progress.steps]


def test_each_process_that_is_up_counts() -> None:
    progress = Progress(steps=steps.of_up())
    progress.begin(10.0)
    assert shown(progress) == [("state and database", "runs", 0), ("services", "waits", 0)]

    progress.take("First start. These passwords were made, and are shown this once:", 10.5)
    progress.take("● object     up after  1.5 s", 12.0)
    progress.take("● api        up after  1.7 s", 12.2)

    assert shown(progress) == [("state and database", "done", 1), ("services", "runs", 2)]
    assert progress.steps[0].took_s == 2.0
    for name in ("image", "scheduler", "network", "volume", "compute"):
        progress.take(f"● {name:<10} up after  2.0 s", 13.0)
    assert shown(progress)[1] == ("services", "done", 7)


def test_the_story_of_the_demo_is_followed_to_the_login() -> None:
    progress = Progress(steps=steps.of_demo())
    progress.begin(0.0)
    states = []
    for at, line in enumerate(stub.DEMO.splitlines()):
        progress.take(line, float(at))
        states.append([step.state for step in progress.steps].count("done"))

    assert states == [0, 1, 1, 1, 1, 1, 2, 2, 3, 4, 5]
    assert [step.note for step in progress.steps][-1] == "root@10.78.0.3"


def test_what_happens_meanwhile_is_told_beside_the_part_that_runs() -> None:
    progress = Progress(steps=steps.of_demo())
    progress.begin(0.0)
    for line in stub.DEMO.splitlines()[:-2]:
        progress.take(line, 1.0)

    notes = []
    for line in (
        "   713.9 ms  api → object               GET image                             6.1 ms",
        "● request to ACTIVE                 1.38 s  34 hops",
        "     3.68 s  guest: addr eth0=10.78.0.2/24",
    ):
        progress.take(line, 2.0)
        notes.append([step.note for step in progress.steps][3:])

    assert notes == [
        ["api → object", ""], ["34 hops", ""], ["34 hops", "guest: addr eth0=10.78.0.2/24"],
    ]  # fmt: skip


def test_what_was_there_already_is_no_failure_and_what_fails_says_where() -> None:
    progress = Progress(steps=steps.of_demo())
    progress.begin(0.0)
    progress.take("● request to ACTIVE                2.10 s  24 hops", 1.0)
    progress.fail()
    assert [step.state for step in progress.steps] == ["done"] * 4 + ["failed"]
    progress.begin(2.0)
    assert progress.steps[-1].state == "runs", "tried again"
    progress = Progress(steps=steps.of_up())
    progress.finish(1.0)
    assert [step.note for step in progress.steps] == ["was there", "was there"]


def test_findings_come_worst_first_and_from_other_versions_too() -> None:
    findings = Findings.read({"checks": [
        {"name": "a", "status": "ok"}, {"name": "b", "status": "warn", "is_fixed": True},
        {"name": "c", "status": "fail", "colour": "red"}], "is_ready": False})  # fmt: skip

    assert [check.name for check in findings.checks] == ["c", "b", "a"]
    assert [check.meaning for check in findings.checks] == ["failed", "attention", "good"]
    assert findings.fixed == frozenset({"b"})
    assert (findings.is_ready, findings.has_state) == (False, False)
    assert Findings.read({}).checks == ()
