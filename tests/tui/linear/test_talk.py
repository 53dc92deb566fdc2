"""The line mode: every screen as plain lines, and what is typed does what the screens' keys do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.fake_cloud import FakeCloud
from tests.tui.linear.conversation import talk
from tests.tui.test_golden import compare
from tui import places

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", places.BY_NAME)
def test_a_screen_says_what_it_said(cloud: FakeCloud, name: str) -> None:
    said = talk(cloud, [name, "open 1"] if places.BY_NAME[name].kind else [name])
    GOLDEN.mkdir(exist_ok=True)
    start = next(at for at, line in enumerate(said) if line.startswith("home>"))
    compare(GOLDEN / f"{name}.txt", "\n".join(said[start:]) + "\n")


@pytest.mark.parametrize("name", places.BY_NAME)
def test_lines_are_plain_and_no_object_of_a_screen_is_missing(cloud: FakeCloud, name: str) -> None:
    said = talk(cloud, [name, *["next"] * 10])
    for line in said:
        assert line.isprintable(), line
        assert not set(line) & set("│╭─█▒●■▲✗▶"), line
    if name in ("instances", "images", "volumes"):
        kind = name.removesuffix("s")
        for fields in cloud.objects[kind].values():
            assert any(fields["name"] in line for line in said), fields["name"]


def test_numbers_go_to_screens_and_words_filter(cloud: FakeCloud) -> None:
    said = talk(cloud, ["2", ":instances state:error", "filter", "where"])
    assert "instances: The servers of this project." in said
    counts = [line for line in said if " of " in line and line[0].isdigit() and "." not in line[:3]]
    assert counts[0].split(" of ")[0] != counts[1].split(" of ")[0]
    assert any(line.startswith("1 of ") and "state:error" in line for line in counts)
    assert "connected" in said


def test_an_action_is_done_to_the_numbered_rows(cloud: FakeCloud) -> None:
    said = talk(cloud, ["instances web", "stop 1", "shell stop 1"])
    bodies = [(path, body) for method, path, body in cloud.calls if body == {"os-stop": None}]
    assert len(bodies) == 1
    assert any(line.startswith("stop web-") and line.endswith("accepted") for line in said)
    assert any(line.startswith("openstack server stop ") for line in said)


def test_what_destroys_asks_as_the_screens_do(cloud: FakeCloud) -> None:
    def deleted() -> int:
        return sum(method == "DELETE" for method, _, _ in cloud.calls)

    said = talk(cloud, ["instances name:web-1", "terminate 1", "no"])
    assert "nothing was done" in said
    assert deleted() == 0
    talk(cloud, ["instances", "terminate 1 2", "1"])
    assert deleted() == 0
    talk(cloud, ["instances name:web-1", "terminate 1", "web-1"])
    assert deleted() == 1
    talk(cloud, ["images", "delete 1", "y"])
    assert deleted() == 1
    talk(cloud, ["images", "delete 1", "yes"])
    assert deleted() == 2


def test_an_action_that_asks_is_answered_line_by_line(cloud: FakeCloud) -> None:
    talk(cloud, ["instances name:web-1", "rename 1", "web-one"])
    assert [body for method, _, body in cloud.calls if method == "PUT"] == [
        {"server": {"name": "web-one"}}
    ]


def test_a_console_is_read_as_lines(cloud: FakeCloud) -> None:
    said = talk(cloud, ["instances name:web-1", "log 1"])
    assert len(said) > 8
    assert not any("\n" in line for line in said)


def test_an_instance_is_run(cloud: FakeCloud) -> None:
    said = talk(cloud, ["run", "new-1", "1", "1", "", "run", "", "1", "1", ""])
    sent = [body for method, path, body in cloud.calls if path == "/compute/v2.1/servers"]
    assert len(sent) == 1
    assert sent[0]["server"]["name"] == "new-1"
    assert "nothing was done; missing: name" in said


def test_nonsense_is_answered_and_ends_nothing(cloud: FakeCloud) -> None:
    said = talk(
        cloud, ["frobnicate 3", "instances", "open 99", "stop", "re 1", "", "stop 99", "open x"]
    )
    assert "frobnicate: no such thing; type help" in said
    assert said.count("99: no such row") == 2
    assert any(line.startswith("stop which?") for line in said)
    assert any(line.startswith("re: which of ") for line in said)


def test_what_the_cloud_refuses_is_said(cloud: FakeCloud) -> None:
    cloud.answers = {
        r"POST /compute/.*": (409, {"conflictingRequest": {"message": "it is locked"}}),
        **cloud.answers,
    }
    said = talk(cloud, ["instances name:web-1", "stop 1"])
    assert "stop web-1: failed: it is locked" in said


def test_read_only_holds_here_too(cloud: FakeCloud) -> None:
    said = talk(cloud, ["instances name:web-1", "stop 1"], is_read_only=True)
    assert "stop web-1: failed: this session is read-only" in said


def test_a_long_list_is_told_in_pages(cloud: FakeCloud) -> None:
    for at in range(50):
        cloud.put("image", id=f"many-{at:04}", name=f"many-{at}", status="active", size_bytes=1)
    said = talk(cloud, ["images many", "next", "next", "next"])
    rows = [line for line in said if ". many-" in line]
    assert [line.partition(".")[0] for line in rows] == [str(at) for at in range(1, 51)]
    assert "30 more: next" in said


def test_help_names_every_screen_and_every_action(cloud: FakeCloud) -> None:
    said = "\n".join(talk(cloud, ["instances", "help"]))
    for place in places.PLACES:
        assert place.purpose in said
    assert "terminate: " in said


def test_the_program_talks_over_pipes_and_imports_no_app() -> None:
    code = (
        "import sys; sys.argv = ['tui', '--linear']; import tui.__main__ as entry;"
        "status = entry.main(['--linear']); print(status, 'textual.app' in sys.modules)"
    )
    environ = os.environ | {
        "OS_AUTH_URL": "http://127.0.0.1:1/identity/v3", "OS_USERNAME": "u", "OS_PASSWORD": "p",
        "OS_PROJECT_NAME": "demo", "OS_CLOUD": "",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", code], env=environ, input="", capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert "127.0.0.1:1" in done.stdout
    assert done.stdout.splitlines()[-1] == "1 False", done.stderr


def test_processes_have_a_list_and_their_actions(cloud: FakeCloud) -> None:
    said = talk(cloud, ["processes", "restart 1", "queues", "restart 1"])
    assert any(path.endswith("/restart") for _, path, _ in cloud.calls)
    assert any(line.startswith("restart compute.box1: not") for line in said)
