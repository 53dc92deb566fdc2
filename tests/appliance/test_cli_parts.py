"""`novabox queue`, `service`, `logs`: what they print and do, in this process, without an API."""

import getpass
import json
import os
import re
import shutil
import signal
from pathlib import Path

import pytest

from appliance import config, context, queue
from appliance.cli import main as cli
from appliance.db import connection, journal, services
from tests.cloud import eventually
from tests.supervised import DEADLINE_S, stand_ins, told


@pytest.fixture(autouse=True)
def _home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOVABOX_HOME", str(home))


@pytest.fixture
def waiting(
    db: connection.Database, topics: queue.Queue, request_context: context.RequestContext
) -> list[queue.Message]:
    """Two messages wait in topic `image`."""
    for key in ("i1", "i2"):
        topics.ring("image", "import_data", key)
    return topics.peek("image")


def said(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    """What a command that goes well prints."""
    assert cli.main(argv) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_topics_are_listed_paused_stepped_and_resumed(
    waiting: list[queue.Message], capsys: pytest.CaptureFixture[str]
) -> None:
    paused = said(capsys, "queue", "pause", "image", "--for", "90")
    (line,) = said(capsys, "queue", "list").splitlines()[1:]
    stepped = json.loads(said(capsys, "queue", "step", "image", "--json"))
    shown = said(capsys, "queue", "show", "image")
    resumed = said(capsys, "queue", "resume", "image")
    (listed,) = json.loads(said(capsys, "queue", "list", "--json"))

    assert paused.startswith(f"image: 2 waiting, PAUSED by {getpass.getuser()}, goes on in 1:")
    assert line.split()[:4] == ["image", "2", "0.0", "0.0"]
    assert f"PAUSED by {getpass.getuser()}, goes on in 1:" in line
    assert (stepped["name"], stepped["depth"]) == ("image", 2)
    assert [row.split()[:3] for row in shown.splitlines()[1:]] == [
        [one.id[:8], "import_data", one.object_id] for one in waiting
    ]
    assert "let through  req-" in shown
    assert resumed == "image: 2 waiting\n"
    assert (listed["name"], listed["is_paused"], listed["in_per_s"]) == ("image", False, 0.0)


def test_messages_are_raised_released_dropped_put_aside_and_retried(
    waiting: list[queue.Message], topics: queue.Queue, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = waiting
    raised = said(capsys, "queue", "raise", "image", second.id[:8])
    said(capsys, "queue", "pause", "image")
    released = said(capsys, "queue", "release", "image", second.id)
    dropped = json.loads(said(capsys, "queue", "drop", "image", second.id, "--json"))
    said(capsys, "queue", "dead", "image", first.id)
    dead = said(capsys, "queue", "show", "dead")
    aside = json.loads(said(capsys, "queue", "show", "dead", "--json"))
    retried = said(capsys, "queue", "retry", aside[0]["id"])

    assert raised == "import_data i2: the next that is taken\n"
    assert "stays paused for the others" in released
    assert "sweep rings it again" in dropped["note"]
    assert f"image: {getpass.getuser()} put it aside" in dead
    assert "rung again in image" in retried
    assert [one.object_id for one in topics.peek("image")] == ["i1"]
    assert said(capsys, "queue", "show", "dead") == "no message waits\n"


def test_what_is_done_at_a_shell_stands_in_the_journal(
    waiting: list[queue.Message],
    db: connection.Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    said(capsys, "queue", "pause", "image")
    said(capsys, "queue", "drop", "image", waiting[0].id)

    drop, pause = journal.newest(db, None)
    assert (drop.action, drop.user_name, drop.name) == (
        "message.drop", getpass.getuser(), "import_data in image",
    )  # fmt: skip
    assert (pause.action, pause.object_id, pause.inverse is not None) == (
        "topic.pause", "image", True,
    )  # fmt: skip


def test_an_id_that_says_too_little_is_refused(
    waiting: list[queue.Message], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["queue", "drop", "image", ""]) == 1
    assert capsys.readouterr().err == "novabox: 2 messages of image begin with \n"
    assert cli.main(["queue", "drop", "image", "zzz"]) == 1
    assert "Message zzz could not be found" in capsys.readouterr().err


def test_where_no_cloud_ever_was_nothing_is_made(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for argv in (["queue", "list"], ["service", "restart", "api"]):
        assert cli.main(argv) == 1
        assert "`novabox up`" in capsys.readouterr().err
    for argv, line in (
        (["service", "list"], "systemctl status"),
        (["logs"], "journalctl -u 'novabox-*'"),
        (["logs", "api"], "journalctl -u novabox-api"),
    ):
        assert cli.main(argv) == 1
        assert line in capsys.readouterr().err
    assert list(home.glob("queue")) == []


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is missing")
def test_services_are_listed_stopped_started_restarted_and_killed(
    settings: config.Settings, db: connection.Database, capsys: pytest.CaptureFixture[str]
) -> None:
    def starts(count: int) -> None:
        eventually(
            lambda: told(settings.home).count("api started") == count,
            timeout_s=DEADLINE_S, what=f"{count} starts",
        )  # fmt: skip

    with db.transaction() as tx:
        services.register(tx, "api", name="api", host="box1")
        services.seen(tx, "api", trouble="a device is lost")
    with stand_ins(settings.home):
        assert re.search(r"● api +up .*\n  a device is lost\n", said(capsys, "service", "list"))
        (pid,) = (
            one["pid"]
            for one in json.loads(said(capsys, "service", "list", "--json"))
            if one["name"] == "api"
        )
        os.kill(pid, signal.SIGSTOP)
        assert said(capsys, "service", "stop", "api") == "api stops\n"
        assert "▒ api         stopping" in said(capsys, "service", "list")
        os.kill(pid, signal.SIGCONT)
        eventually(
            lambda: "■ api         stopped" in said(capsys, "service", "list"),
            timeout_s=DEADLINE_S, what="it is stopped",
        )  # fmt: skip
        assert said(capsys, "service", "start", "api") == "api starts\n"
        starts(2)
        assert said(capsys, "service", "restart", "api") == "api restarts\n"
        starts(3)
        assert said(capsys, "service", "kill", "api") == "api was killed\n"
        starts(4)
        listed = json.loads(said(capsys, "service", "list", "--json"))
        assert cli.main(["service", "restart", "unicorn"]) == 1

    assert {one["name"]: one["state"] for one in listed}["api"] == "up"
    assert {one["name"]: one["state"] for one in listed}["compute"] == "down"
    assert "unicorn could not be found" in capsys.readouterr().err
    assert "services.api starts\n" in said(capsys, "logs", "api")


def test_logs_come_merged_by_their_time(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = settings.home / "log"
    folder.mkdir()
    (folder / "api.log").write_text(
        "2026-01-01T10:00:00.100 INFO a\n2026-01-01T10:00:02.100 ERROR b\nTraceback\n"
    )
    (folder / "image.log").write_text("2026-01-01T10:00:01.100 INFO c\n")

    lines = said(capsys, "logs").splitlines()

    assert [line.split(maxsplit=1)[0] for line in lines] == ["api", "image", "api", "api"]
    assert lines[-1] == "api        Traceback"
    assert said(capsys, "logs", "-n", "1") == "api        Traceback\n"
    assert said(capsys, "logs", "image") == "2026-01-01T10:00:01.100 INFO c\n"


def test_a_log_is_followed(settings: config.Settings, tmp_path: Path) -> None:
    import subprocess
    import sys

    folder = settings.home / "log"
    folder.mkdir()
    log = folder / "api.log"
    log.write_text("one\n")
    out = tmp_path / "out"
    with (
        out.open("wb") as output,
        subprocess.Popen(
            [sys.executable, "-m", "appliance.cli", "logs", "api", "-f"], stdout=output
        ) as process,
    ):
        try:
            eventually(lambda: out.read_text() == "one\n", timeout_s=DEADLINE_S, what="the tail")
            with log.open("a") as more:
                more.write("two\n")
            eventually(lambda: "two" in out.read_text(), timeout_s=DEADLINE_S, what="the rest")
        finally:
            process.kill()
