import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config, context, errors, queue, trace
from tests.cloud import eventually

WORKER = """
import json, sys
from pathlib import Path
from appliance import config, context, queue, trace
home = Path(sys.argv[1])
settings = config.parse({"queue": {"poll_s": 30.0, "sweep_s": 30.0}}, home=home)
trace.start(home, "worker", hops_max=1000)
taken = (home / "taken").open("a", buffering=1)
def note(object_id):
    taken.write(json.dumps([object_id, context.current.get().request_id]) + "\\n")
    return {"got": object_id}
def fail(object_id):
    raise ValueError(object_id)
queue.Queue(settings).work(
    "t", {"note": note, "fail": fail}, sweep=lambda: [], beat=(home / "ready").touch
)
"""


@pytest.fixture
def worker(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker process that would poll every 30 s only: what it hears, a bell told it."""
    process = subprocess.Popen([sys.executable, "-c", WORKER, str(home)])
    eventually((home / "ready").exists, timeout_s=30, what="the worker is ready")
    yield process
    process.kill()
    process.wait()


def taken(home: Path) -> list[list[str]]:
    path = home / "taken"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_a_ring_wakes_the_worker_and_carries_the_request(
    settings: config.Settings, worker: object, request_context: context.RequestContext
) -> None:
    topics = queue.Queue(settings)
    topics.ring("t", "note", "a")

    eventually(lambda: taken(settings.home), timeout_s=10, what="the message is taken")
    assert taken(settings.home) == [["a", request_context.request_id]]


def test_a_call_answers_and_a_failed_step_says_why(
    settings: config.Settings, worker: object
) -> None:
    topics = queue.Queue(settings)

    assert topics.call("t", "note", "x") == {"got": "x"}
    with pytest.raises(errors.Unavailable, match="ValueError: y"):
        topics.call("t", "fail", "y")
    with pytest.raises(errors.Unavailable, match="nobody"):
        topics.call("nobody", "note", "z", timeout_s=0.2)


def test_sigterm_lets_the_step_finish_and_ends_the_worker(
    settings: config.Settings, worker: subprocess.Popen[bytes]
) -> None:
    queue.Queue(settings).ring("t", "note", "last")
    eventually(lambda: len(taken(settings.home)) == 1, timeout_s=10, what="one is taken")
    worker.send_signal(signal.SIGTERM)

    assert worker.wait(10) == 0


def test_messages_survive_the_senders_death(settings: config.Settings) -> None:
    send = (
        "import sys, os, signal; from pathlib import Path; from appliance import config, queue\n"
        "q = queue.Queue(config.parse({}, home=Path(sys.argv[1])))\n"
        "q.ring('t', 'note', 'a'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", send, str(settings.home)], check=False)

    assert done.returncode == -signal.SIGKILL
    assert [one.object_id for one in queue.Queue(settings).peek("t")] == ["a"]


def test_the_sweep_rings_what_the_rows_say_but_not_twice(
    settings: config.Settings, topics: queue.Queue
) -> None:
    request = context.RequestContext()
    seen: list[str] = []

    def sweep() -> list[queue.Due]:
        return [("note", "lost", request)]

    assert topics.once("t", {"note": seen.append}, sweep=sweep) == 1
    topics.ring("t", "note", "waiting")
    assert topics.once("t", {"note": seen.append}, sweep=sweep) == 1
    assert seen == ["lost", "waiting"]


def test_an_unknown_topic_is_not_found(topics: queue.Queue) -> None:
    with pytest.raises(errors.NotFound, match=r"(?i)topic nope"):
        topics.peek("nope")


def test_a_hop_is_sent_then_taken_with_a_link(
    settings: config.Settings, worker: object, request_context: context.RequestContext
) -> None:
    trace.start(settings.home, "sender", hops_max=1000)
    queue.Queue(settings).call("t", "note", "a")
    log = trace.Log(settings.home)

    eventually(
        lambda: [hop.status for hop in log.request(request_context.request_id)] == ["ok", "ok"],
        timeout_s=10, what="both hops end",
    )  # fmt: skip
    sent, took = log.request(request_context.request_id)
    assert (sent.kind, took.kind, took.parent_id) == ("sent", "taken", sent.id)
    assert (took.source, took.target) == ("queue", "t")
