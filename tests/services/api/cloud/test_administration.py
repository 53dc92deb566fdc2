"""Topics, messages, processes and logs over HTTP: what administrators may, and nobody else."""

import shutil

import pytest

from appliance import context, policy, queue, supervisor
from appliance.db import services
from tests.cloud import eventually
from tests.services.api.clouds import CLOUD
from tests.supervised import DEADLINE_S, stand_ins, told

TOPIC = f"{CLOUD}/topics/scheduler"
LINES = (
    ("novabox:list_services", "GET", "topics", "amr"),
    ("novabox:list_services", "GET", "services", "amr"),
    ("novabox:get_messages", "GET", "topics/scheduler", "a"),
    ("novabox:get_messages", "GET", "topics/scheduler/messages/{id}", "a"),
    ("novabox:control_topic", "POST", "topics/scheduler/pause", "a"),
    ("novabox:control_topic", "POST", "topics/scheduler/resume", "a"),
    ("novabox:control_topic", "POST", "topics/scheduler/step", "a"),
    *(
        ("novabox:control_message", "POST", f"topics/scheduler/messages/{{id}}/{verb}", "a")
        for verb in ("release", "raise", "drop", "dead", "retry")
    ),
    *(
        ("novabox:control_service", "POST", f"services/image/{verb}", "a")
        for verb in ("restart", "stop", "start", "kill")
    ),
    ("novabox:get_log", "GET", "services/image/log", "a"),
)


@pytest.fixture
def messages(cloud) -> list[str]:
    """Ids of two messages that wait in topic `scheduler`."""
    context.current.set(None)
    for key in ("i1", "i2"):
        cloud.topics.ring("scheduler", "select_host", key)
    return [one.id for one in cloud.topics.peek("scheduler")]


@pytest.mark.parametrize(("rule", "method", "path", "who"), LINES)
def test_administrators_may_and_others_may_not(cloud, messages, rule, method, path, who):
    statuses = {
        name: cloud.ask(
            method, f"{CLOUD}/{path.format(id=messages[0])}", user=user
        ).status_code
        for name, user in (("r", "watcher"), ("m", "demo"), ("a", "admin"))
    }  # fmt: skip

    assert {name for name, status in statuses.items() if status != 403} == set(who)
    assert max(statuses.values()) < 500
    assert rule in policy.RULES


def test_a_service_says_what_troubles_it_and_everybody_hears_of_a_change_once(cloud):
    def revision() -> int:
        return cloud.db.row("SELECT max(revision) FROM changes")[0]

    said = "device /mnt/b is lost"
    with cloud.db.transaction() as tx:
        services.register(tx, "object", name="object", host="box1")
    before = revision()
    for trouble in ("", said, said, ""):
        with cloud.db.transaction() as tx:
            services.seen(tx, "object", trouble=trouble)
        found = cloud.get(f"{CLOUD}/services")["services"]
        assert [one["trouble"] for one in found if one["topic"] == "object"] == [trouble]
    assert revision() == before + 2


def test_a_topic_is_paused_stepped_looked_into_and_resumed(cloud, messages):
    paused = cloud.post(f"{TOPIC}/pause", {"for_s": 60}, user="admin")["topic"]
    shown = cloud.get(TOPIC, user="admin")
    cloud.post(f"{TOPIC}/step", None, user="admin")
    stepped = cloud.get(TOPIC, user="admin")["messages"]
    resumed = cloud.post(f"{TOPIC}/resume", None, user="admin")["topic"]

    assert (paused["is_paused"], paused["paused_by"]) == (True, "admin")
    assert paused["paused_until"] == paused["paused_at"] + 60
    assert [(one["object_id"], one["is_released"]) for one in shown["messages"]] == [
        ("i1", False), ("i2", False),
    ]  # fmt: skip
    assert [one["is_released"] for one in stepped] == [True, False]
    assert (resumed["is_paused"], resumed["paused_until"], resumed["depth"]) == (False, None, 2)


def test_a_topic_tells_who_takes_from_it_and_how_busy_it_is(cloud, messages):
    with cloud.db.transaction() as tx:
        services.register(tx, "scheduler", name="scheduler", host="box1")

    (topic,) = cloud.get(f"{CLOUD}/topics")["topics"]

    assert (topic["name"], topic["depth"], topic["consumers"]) == ("scheduler", 2, ["scheduler"])
    assert topic["history"]["depth"][-1] == 2
    assert {len(topic["history"][key]) for key in ("sent", "taken", "depth")} == {30}
    assert topic["in_per_s"] == topic["out_per_s"] == 0.0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"for_s": 0}, "a pause is over 0 and up to 3600 s"),
        ({"for_s": 9e9}, "a pause is over 0 and up to 3600 s"),
        ({"for_s": "long"}, "Expected `float`"),
        ({"forever": True}, "unknown field"),
    ],
)
def test_a_pause_that_cannot_be_is_refused(cloud, messages, body, reason):
    answer = cloud.ask("POST", f"{TOPIC}/pause", user="admin", json=body)

    assert (answer.status_code, reason in answer.text) == (400, True), answer.text
    assert not cloud.get(TOPIC, user="admin")["topic"]["is_paused"]


def test_a_message_is_looked_into_raised_let_through_and_dropped(cloud, messages):
    _, second = messages
    cloud.post(f"{TOPIC}/pause", None, user="admin")
    raised = cloud.post(f"{TOPIC}/messages/{second}/raise", None, user="admin")
    inside = cloud.get(f"{TOPIC}/messages/{second}", user="admin")["message"]
    cloud.post(f"{TOPIC}/messages/{second}/release", None, user="admin")
    dropped = cloud.post(f"{TOPIC}/messages/{second}/drop", None, user="admin")

    assert raised["note"] == "the next that is taken"
    assert (inside["object_id"], inside["is_raised"]) == ("i2", True)
    assert inside["payload"]["request_id"] == inside["request_id"]
    assert dropped["topic"]["depth"] == 1
    assert dropped["message"]["is_released"]
    assert "sweep rings it again" in dropped["note"]
    assert cloud.ask("GET", f"{TOPIC}/messages/{second}", user="admin").status_code == 404


def test_a_message_is_put_aside_and_rung_again(cloud, messages):
    first, _ = messages
    aside = cloud.post(f"{TOPIC}/messages/{first}/dead", None, user="admin")["message"]
    dead = cloud.get(f"{CLOUD}/topics/{queue.DEAD}", user="admin")["messages"]
    again = cloud.ask("POST", f"{TOPIC}/messages/{first}/retry", user="admin")
    url = f"{CLOUD}/topics/{queue.DEAD}/messages/{aside['id']}/retry"
    note = cloud.post(url, None, user="admin")["note"]

    assert [(one["id"], one["topic"], one["dead_by"]) for one in dead] == [
        (aside["id"], "scheduler", "admin")
    ]
    assert (again.status_code, "it is not dead" in again.text) == (409, True)
    assert note.startswith("rung again in scheduler")
    assert [one.object_id for one in cloud.topics.peek("scheduler")] == ["i2", "i1"]


def test_an_unknown_topic_is_not_found(cloud):
    for path in ("pause", "messages/x", "messages/x/drop"):
        method = "GET" if path.endswith("x") else "POST"
        answer = cloud.ask(method, f"{CLOUD}/topics/nope/{path}", user="admin")
        assert answer.status_code == 404


def test_without_a_supervisor_a_service_says_which_line_does_it(cloud):
    cloud.add_host()

    answer = cloud.ask("POST", f"{CLOUD}/services/compute.box1/restart", user="admin")

    assert answer.status_code == 409
    assert "systemctl restart novabox-compute.service" in answer.text
    assert cloud.ask("POST", f"{CLOUD}/services/none/kill", user="admin").status_code == 404


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is missing")
def test_a_service_is_stopped_started_and_killed(cloud):
    home = cloud.settings.home
    with stand_ins(home):
        running = supervisor.find(cloud.settings)
        assert running is not None
        with cloud.db.transaction() as tx:
            services.register(tx, "image", name="image", host="box1")
            tx.execute("UPDATE services SET pid = ?", (running.children["image"],))
        url = f"{CLOUD}/services/image"
        answer = cloud.post(f"{url}/stop", None, user="admin")["service"]
        eventually(
            lambda: cloud.get(f"{CLOUD}/services")["services"][0]["state"] == "stopped",
            timeout_s=DEADLINE_S, what="it is stopped",
        )  # fmt: skip
        cloud.post(f"{url}/start", None, user="admin")
        _told(home, "image started", 2)
        cloud.post(f"{url}/kill", None, user="admin")
        _told(home, "image started", 3)
        refused = cloud.ask("POST", f"{CLOUD}/services/api/stop", user="admin")
        stops = told(home).count("image stopped")  # all of them stop at the end

    assert answer == {"name": "image", "pid": running.children["image"]}
    assert (refused.status_code, "novabox service stop api" in refused.text) == (409, True)
    assert stops == 1


def _told(home, word: str, count: int) -> None:
    eventually(lambda: told(home).count(word) == count, timeout_s=DEADLINE_S, what=word)


def test_the_end_of_a_log_is_told_and_what_comes_after_it(cloud):
    folder = cloud.settings.home / "log"
    folder.mkdir(exist_ok=True)
    file = folder / "image.log"
    file.write_text("one\ntwo\nthr")
    url = f"{CLOUD}/services/image/log"

    first = cloud.get(f"{url}?lines=1", user="admin")["log"]
    with file.open("a") as more:
        more.write("ee\nfour\n")
    then = cloud.get(f"{url}?since={first['offset']}", user="admin")["log"]

    assert first == {"name": "image", "lines": ["two"], "offset": 8}
    assert then == {"name": "image", "lines": ["three", "four"], "offset": 19}
    for query in ("lines=all", "since=-1"):
        assert cloud.ask("GET", f"{url}?{query}", user="admin").status_code == 400


@pytest.mark.parametrize("name", ["..%2Fetc%2Fpasswd", "passwd", "credentials"])
def test_only_logs_are_read(cloud, name):
    assert cloud.ask("GET", f"{CLOUD}/services/{name}/log", user="admin").status_code == 404
