"""What a person may do to topics and messages, over real files."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import config, context, errors, queue, trace
from tests.cloud import eventually


@pytest.fixture
def admin(settings: config.Settings, topics: queue.Queue) -> queue.Administration:
    """What administers the topics of the test."""
    return queue.Administration(settings=settings, topics=topics)


@pytest.fixture
def seen(topics: queue.Queue, request_context: context.RequestContext) -> list[str]:
    """Three messages wait in topic `t`; here stands what was taken."""
    for key in "abc":
        topics.ring("t", "note", key)
    return []


def serve(topics: queue.Queue, seen: list[str], due: tuple[str, ...] = ()) -> list[str]:
    """One round of the worker: what it has taken in all."""
    sweep: Callable[[], list[queue.Due]] = lambda: [  # noqa: E731
        ("note", key, context.RequestContext()) for key in due
    ]
    topics.once("t", {"note": seen.append}, sweep=sweep)
    return seen


def ids(topics: queue.Queue, topic: str = "t") -> dict[str, str]:
    return {one.object_id: one.id for one in topics.peek(topic)}


def test_a_paused_topic_keeps_its_messages_and_lets_the_next_through(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    admin.pause("t")

    assert serve(topics, seen) == []
    admin.step("t")
    assert serve(topics, seen) == ["a"]
    admin.resume("t")
    assert serve(topics, seen) == ["a", "b", "c"]
    assert topics.peek("t") == []


def test_a_pause_says_who_until_when_and_is_renewed(
    admin: queue.Administration, seen: list[str]
) -> None:
    first = admin.pause("t", for_s=60, by="ann")
    state = admin.state("t")

    assert (state.is_paused, state.paused_by, state.paused_at) == (True, "ann", first.since)
    assert state.paused_until == first.since + 60
    assert (state.depth, state.oldest_age_s is not None) == (3, True)
    again = admin.pause("t", by="ben")
    assert (again.since, again.by) == (first.since, "ben")
    assert again.until - first.until > queue.administration.PAUSE_S - 61


def test_a_pause_is_over_by_itself_though_every_process_was_killed(
    settings: config.Settings, admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    pause = (
        "import os, signal, sys; from pathlib import Path; from appliance import config, queue\n"
        "s = config.parse({}, home=Path(sys.argv[1])); q = queue.Queue(s)\n"
        "queue.Administration(settings=s, topics=q).pause('t', for_s=0.6)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", pause, str(settings.home)], check=False, timeout=60)

    assert admin.state("t").is_paused
    eventually(lambda: not admin.state("t").is_paused, timeout_s=10, what="the pause is over")
    assert serve(topics, seen) == ["a", "b", "c"]


def test_a_worker_goes_on_when_the_pause_is_over_and_nobody_rings(
    settings: config.Settings, home: Path, admin: queue.Administration, topics: queue.Queue
) -> None:
    worker = (
        "import sys; from pathlib import Path; from appliance import config, queue\n"
        "home = Path(sys.argv[1])\n"
        "s = config.parse({'queue': {'poll_s': 60.0, 'sweep_s': 60.0}}, home=home)\n"
        "queue.Queue(s).work('t', {'note': lambda key: (home / key).touch()},\n"
        "    sweep=lambda: [], beat=(home / 'ready').touch)"
    )
    topics.ring("t", "note", "taken")
    admin.pause("t", for_s=2)
    with subprocess.Popen([sys.executable, "-c", worker, str(home)]) as process:
        try:
            eventually((home / "ready").exists, timeout_s=30, what="the worker is ready")
            eventually((home / "taken").exists, timeout_s=20, what="the message is taken")
        finally:
            process.kill()


@pytest.mark.parametrize("for_s", [0, -1, 3601, float("nan")])
def test_a_pause_has_an_end_in_sight(
    admin: queue.Administration, seen: list[str], for_s: float
) -> None:
    with pytest.raises(errors.BadRequest, match="up to 3600 s"):
        admin.pause("t", for_s=for_s)


def test_a_clock_that_was_set_back_ends_a_pause(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    later = time.time() + 7200
    topics.get("t").file.pause(queue.Pause(since=later, until=later + 300, by="ann"))

    assert not admin.state("t").is_paused
    assert serve(topics, seen) == ["a", "b", "c"]


def test_one_message_is_let_through_another_raised(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    admin.pause("t")
    admin.release("t", ids(topics)["c"])

    assert [one.object_id for one in topics.peek("t") if one.is_released] == ["c"]
    assert serve(topics, seen) == ["c"]
    admin.raise_to_front("t", ids(topics)["b"])
    assert [(one.object_id, one.is_raised) for one in topics.peek("t")] == [
        ("b", True), ("a", False),
    ]  # fmt: skip
    admin.resume("t")
    assert serve(topics, seen) == ["c", "b", "a"]


def test_nothing_is_let_through_where_nothing_is_held(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    with pytest.raises(errors.Conflict, match="t is not paused"):
        admin.step("t")
    with pytest.raises(errors.Conflict, match="t is not paused"):
        admin.release("t", ids(topics)["a"])
    serve(topics, seen)
    admin.pause("t")
    with pytest.raises(errors.Conflict, match="no message waits in t"):
        admin.step("t")


def test_a_dropped_message_is_rung_again_from_its_row(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    for key in ids(topics).values():
        done = admin.drop("t", key)

    assert "t's sweep rings it again within 0.2 s" in done.note
    assert serve(topics, seen, due=("b",)) == ["b"]


def test_a_message_that_was_taken_meanwhile_is_not_found(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    key = ids(topics)["a"]
    serve(topics, seen)
    admin.pause("t")

    for act in (admin.drop, admin.release, admin.raise_to_front, admin.bury, admin.message):
        with pytest.raises(errors.NotFound, match=key):
            act("t", key)
    with pytest.raises(errors.NotFound, match="dead"):
        admin.retry(key)


def test_what_is_put_aside_is_not_rung_again_until_it_is_retried(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    aside = admin.bury("t", ids(topics)["a"], by="ann").message

    assert (aside.topic, aside.step, aside.dead_by, aside.error) == ("t", "note", "ann", "")
    assert serve(topics, seen, due=("a",)) == ["b", "c"]
    assert serve(topics, seen, due=("a",)) == ["b", "c"]
    request_id = topics.peek(queue.DEAD)[0].request_id
    assert "its row says if it is still due" in admin.retry(aside.id).note
    assert [one.request_id for one in topics.peek("t")] == [request_id]
    assert serve(topics, seen) == ["b", "c", "a"]
    assert topics.peek(queue.DEAD) == []


def test_a_step_that_failed_for_good_lies_among_the_dead_until_it_goes_well(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    def fail(object_id: str) -> None:
        if object_id == "b":
            raise errors.Unavailable("comes back by itself")
        raise errors.HypervisorError(f"no room for {object_id}")

    for _ in range(2):
        topics.ring("t", "note", "a")
        topics.once("t", {"note": fail}, sweep=list)

    found = {one.object_id: one for one in topics.peek(queue.DEAD)}
    assert sorted(found) == ["a", "c"]
    assert (found["a"].failures, found["c"].failures) == (3, 1)
    assert found["a"].error == "HypervisorError: no room for a"
    assert (found["a"].topic, found["a"].dead_by) == ("t", "")
    assert admin.state(queue.DEAD).depth == 2
    assert serve(topics, seen, due=("a",)) == ["a"]
    assert sorted(ids(topics, queue.DEAD)) == ["c"]
    admin.drop(queue.DEAD, found["c"].id)
    assert topics.peek(queue.DEAD) == []


def test_the_dead_are_bounded(topics: queue.Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue.dead, "KEPT_MAX", 3)
    fields = context.RequestContext().to_message() | {"queued_at": "1"}
    for number in range(5):
        topics.dead.ended("t", "note", str(number), fields, ValueError("no"))

    assert [one.object_id for one in topics.peek(queue.DEAD)] == ["2", "3", "4"]


def test_nobody_takes_from_the_dead(
    admin: queue.Administration, topics: queue.Queue, seen: list[str]
) -> None:
    aside = admin.bury("t", ids(topics)["a"]).message

    for act in (admin.pause, admin.resume, admin.step):
        with pytest.raises(errors.Conflict, match="retry or drop them"):
            act(queue.DEAD)
    with pytest.raises(errors.Conflict, match="retry or drop them"):
        admin.bury(queue.DEAD, aside.id)


def test_a_call_is_dropped_but_not_put_aside(
    admin: queue.Administration, topics: queue.Queue, request_context: context.RequestContext
) -> None:
    topics.ring("t", "note", "x")
    admin.pause("t", by="ann")
    calling = threading.Thread(target=lambda: refused.append(_refusal(topics)))
    refused: list[Exception] = []
    calling.start()
    call = eventually(lambda: ids(topics).get("y"), timeout_s=10, what="the call waits")

    with pytest.raises(errors.Conflict, match="who waits for its answer gives up"):
        admin.bury("t", call)
    assert "whoever waits for its answer gives up" in admin.drop("t", call).note
    calling.join(10)
    assert isinstance(refused[0], errors.Unavailable)


def _refusal(topics: queue.Queue) -> Exception:
    with pytest.raises(errors.Unavailable) as caught:
        topics.call("t", "note", "y", timeout_s=1.5)
    return caught.value


def test_a_call_that_nobody_took_waits_no_longer_than_who_called(
    admin: queue.Administration, topics: queue.Queue, request_context: context.RequestContext
) -> None:
    topics.ring("t", "note", "x")
    admin.pause("t", by="ann")

    with pytest.raises(errors.Paused, match=r"t did not answer note y .*ann paused it until"):
        topics.call("t", "note", "y", timeout_s=0.1)

    assert list(ids(topics)) == ["x"]
    admin.resume("t")
    with pytest.raises(errors.Unavailable, match=r"within 0.1 s") as caught:
        topics.call("t", "note", "y", timeout_s=0.1)
    assert not isinstance(caught.value, errors.Paused)
    assert list(ids(topics)) == ["x"]


def test_a_message_is_looked_into(
    admin: queue.Administration, topics: queue.Queue, request_context: context.RequestContext,
    seen: list[str],
) -> None:  # fmt: skip
    message = admin.message("t", ids(topics)["a"])

    assert (message.step, message.object_id) == ("note", "a")
    assert message.request_id == request_context.request_id == message.payload["request_id"]
    assert 100 < message.size_bytes < 1000
    assert not message.wants_reply


def test_what_was_done_stands_in_the_trace_of_the_message_request(
    settings: config.Settings, admin: queue.Administration, topics: queue.Queue, seen: list[str],
    request_context: context.RequestContext,
) -> None:  # fmt: skip
    trace.start(settings.home, "api", hops_max=1000)
    context.current.set(context.RequestContext(user_name="ann"))
    admin.drop("t", ids(topics)["a"])
    trace.flush()

    (hop,) = trace.Log(settings.home).request(request_context.request_id)
    assert (hop.kind, hop.name, hop.target) == ("state", "note dropped", "t")
    assert hop.detail == {"object_id": "a", "by": "ann"}
