"""`novabox queue`, `service`, `logs`: the cloud's own parts, also while its API does not answer."""

import argparse
import getpass
import json
import time
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from appliance import (
    clock,
    config,
    context,
    errors,
    log_files,
    operations,
    queue,
    supervisor,
    trace,
)
from appliance.db import connection

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_LOOK_S: Final = 0.3  # how often a log that is followed is looked at
_STAMP_CHARS: Final = len("2010-10-21T16:42:07.123")
_TOPIC_VERBS: Final = {
    "resume": "let a topic's messages through again",
    "step": "let the next message through a paused topic",
}
_MESSAGE_VERBS: Final = {
    "release": "let one message through a paused topic",
    "raise": "have a message be the next that is taken",
    "drop": "take a message away; what its row says is due is rung again",
    "dead": "put a message aside: not rung again until it is retried or dropped",
}
_SERVICE_VERBS: Final = {
    "restart": "stop a process and start it again",
    "stop": "stop a process until it is started, or the next `novabox up`",
    "start": "start a process that was stopped",
    "kill": "kill -9 a process: the supervisor starts it again, and nothing is lost",
}


def add_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this module's commands to the parser."""
    _add_queue(commands.add_parser("queue", help="topics and the messages that wait in them"))
    _add_service(commands.add_parser("service", help="the cloud's processes, one by one"))
    logs = commands.add_parser("logs", help="what the processes wrote")
    logs.add_argument("service", nargs="?", help=f"one of {', '.join(log_files.NAMES)}; none: all")
    logs.add_argument("-f", "--follow", action="store_true", help="go on as lines are written")
    logs.add_argument("-n", "--lines", type=int, default=50, help="how many of the newest lines")
    logs.set_defaults(run=_logs)


def _add_queue(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listed = verbs.add_parser("list", help="every topic: how much waits, how busy, whether paused")
    listed.set_defaults(run=_list)
    shown = verbs.add_parser("show", help="the messages that wait in a topic, the next one first")
    shown.set_defaults(run=_show)
    pause = verbs.add_parser("pause", help="let a topic's messages wait; it ends by itself")
    pause.add_argument(
        "--for", dest="for_s", type=float, default=queue.administration.PAUSE_S, metavar="SECONDS",
        help="for so long (300); pausing again renews it",
    )  # fmt: skip
    pause.set_defaults(run=_topic, verb="pause")
    for verb, purpose in _TOPIC_VERBS.items():
        verbs.add_parser(verb, help=purpose).set_defaults(run=_topic, verb=verb)
    for verb, purpose in _MESSAGE_VERBS.items():
        verbs.add_parser(verb, help=purpose).set_defaults(run=_message, verb=verb)
    retry = verbs.add_parser("retry", help="ring a dead message again in the topic where it was")
    retry.set_defaults(run=_message, verb="retry", topic=queue.DEAD)
    for name, one in verbs.choices.items():
        one.add_argument("--json", action="store_true", help="for scripts")
        if name not in ("list", "retry"):
            one.add_argument("topic", help="its name, as `queue list` shows it")
        if name == "retry" or name in _MESSAGE_VERBS:
            one.add_argument("message", help="its id, or how it begins")


def _add_service(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    listed = verbs.add_parser("list", help="every process: whether it runs, what it costs")
    listed.set_defaults(run=_services)
    for verb, purpose in _SERVICE_VERBS.items():
        one = verbs.add_parser(verb, help=purpose)
        one.add_argument("service", help=f"one of {', '.join(supervisor.SERVICES)}")
        one.set_defaults(run=_service, verb=verb)
    for one in verbs.choices.values():
        one.add_argument("--json", action="store_true", help="for scripts")


def _open() -> operations.Operations:
    """The parts of the cloud in NOVABOX_HOME. Raises Unavailable where there never was one."""
    settings = config.load()
    if not (settings.home / "state.db").exists():
        raise errors.Unavailable(f"no cloud was ever started in {settings.home}: `novabox up`")
    return operations.Operations(
        settings=settings,
        db=connection.open_db(settings.home),
        queues=queue.Administration(settings=settings, topics=queue.Queue(settings)),
    )


def _who() -> context.RequestContext:
    return context.RequestContext(user_name=getpass.getuser(), client="novabox")


def _print(arguments: argparse.Namespace, document: Any, text: Callable[[], str]) -> int:
    print(json.dumps(document, indent=2) if arguments.json else text())
    return 0


def _list(arguments: argparse.Namespace) -> int:
    parts = _open()
    states = parts.queues.states()
    activity = queue.Activity(trace.Log(parts.settings.home))
    busy = activity.look({state.name: state.depth for state in states})
    document = [
        asdict(state)
        | {"in_per_s": busy[state.name].in_per_s, "out_per_s": busy[state.name].out_per_s}
        for state in states
    ]
    return _print(arguments, document, lambda: _topics_text(document))


def _topics_text(topics: list[dict[str, Any]]) -> str:
    lines = [f"{'TOPIC':<24}{'DEPTH':>6}{'IN/s':>7}{'OUT/s':>7}{'OLDEST':>9}  STATE"]
    lines += [
        f"{one['name']:<24}{one['depth']:>6}{one['in_per_s']:>7.1f}{one['out_per_s']:>7.1f}"
        f"{_age(one['oldest_age_s']):>9}  {_state(one)}"
        for one in topics
    ]
    return "\n".join(lines)


def _state(topic: dict[str, Any]) -> str:
    if not topic["is_paused"]:
        return "-"
    left_s = topic["paused_until"] - clock.now()
    return f"PAUSED by {topic['paused_by'] or 'somebody'}, goes on in {_age(left_s)}"


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02}"


def _show(arguments: argparse.Namespace) -> int:
    waiting = _open().queues.topics.peek(arguments.topic)
    return _print(
        arguments, [asdict(one) for one in waiting], lambda: _messages_text(waiting)
    )  # fmt: skip


def _messages_text(waiting: list[queue.Message]) -> str:
    lines = [f"{'MESSAGE':<10}{'STEP':<18}{'OBJECT':<38}{'AGE':>7}{'BYTES':>7}  REQUEST"]
    for one in waiting:
        age = _age(clock.now() - one.queued_at)
        word = "let through  " if one.is_released else "raised  " if one.is_raised else ""
        lines.append(
            f"{one.id[:8]:<10}{one.step:<18}{one.object_id:<38}{age:>7}{one.size_bytes:>7}"
            f"  {word}{one.request_id}"
        )
        if one.topic:
            why = f"{one.dead_by} put it aside" if one.dead_by else one.error
            lines.append(f"{'':<10}{one.topic}: {why}")
    return "\n".join(lines) if waiting else "no message waits"


def _topic(arguments: argparse.Namespace) -> int:
    parts = _open()
    if arguments.verb == "pause":
        parts.pause(_who(), arguments.topic, for_s=arguments.for_s)
    elif arguments.verb == "resume":
        parts.resume(_who(), arguments.topic)
    else:
        parts.step(_who(), arguments.topic)
    document = asdict(parts.queues.state(arguments.topic))
    text = f"{arguments.topic}: {document['depth']} waiting, {_state(document)}".removesuffix(", -")
    return _print(arguments, document, lambda: text)


def _message(arguments: argparse.Namespace) -> int:
    parts = _open()
    key = _whole_id(parts, arguments.topic, arguments.message)
    done = parts.message(_who(), arguments.topic, key, arguments.verb)
    document = {"message": asdict(done.message), "note": done.note}
    text = f"{done.message.step} {done.message.object_id}: {done.note}"
    return _print(arguments, document, lambda: text)


def _whole_id(parts: operations.Operations, topic: str, begins: str) -> str:
    """The id of the message that begins so. Raises NotFound, Conflict."""
    found = [
        one.id
        for one in parts.queues.topics.peek(topic, limit=100_000)
        if one.id.startswith(begins)
    ]  # fmt: skip
    if len(found) > 1:
        raise errors.Conflict(f"{len(found)} messages of {topic} begin with {begins}")
    return found[0] if found else begins


# whether its process runs, and whether somebody stopped it
_STATES: Final = {
    (True, False): "up", (True, True): "stopping", (False, True): "stopped", (False, False): "down",
}  # fmt: skip


def _services(arguments: argparse.Namespace) -> int:
    settings = config.load()
    running = supervisor.find(settings)
    if running is None:
        raise errors.Unavailable(
            f"no `novabox up` runs for {settings.home}; with systemd: systemctl status 'novabox-*'"
        )
    costs = {cost.name: cost for cost in supervisor.cost(running)}
    troubles = {row.name: row.trouble for row in supervisor.rows(settings)}
    document = [
        {
            "name": name,
            "state": _STATES[name in costs, name in running.stopped],
            "pid": running.children.get(name),
            "pss_kib": costs[name].pss_kib if name in costs else None,
            "trouble": troubles.get(name, ""),
        }
        for name in dict.fromkeys((*running.children, *running.stopped, *supervisor.SERVICES))
    ]
    return _print(arguments, document, lambda: _services_text(document))


def _services_text(services: list[dict[str, Any]]) -> str:
    marks = {"up": "●", "stopping": "▒", "stopped": "■", "down": "✗"}
    return "\n".join(
        f"{marks[one['state']]} {one['name']:<12}{one['state']:<9}"
        + (f"pid {one['pid']:<9}{one['pss_kib'] / 1024:>6.1f} MiB" if one["pss_kib"] else "")
        + (f"\n  {one['trouble']}" if one["trouble"] else "")
        for one in services
    )


def _service(arguments: argparse.Namespace) -> int:
    answer = _open().service(_who(), arguments.service, arguments.verb)
    words = {"restart": "restarts", "stop": "stops", "start": "starts", "kill": "was killed"}
    return _print(arguments, answer, lambda: f"{answer['name']} {words[arguments.verb]}")


def _logs(arguments: argparse.Namespace) -> int:
    settings = config.load()
    name = (arguments.service or "").partition(".")[0]  # of a topic, the process that serves it
    names = [name] if name else _written(settings)
    read = arguments.lines if len(names) == 1 else log_files.LINES_MAX  # sorted, then cut
    pieces = [log_files.tail(settings, name, lines=read) for name in names]
    for line in _merged(pieces)[-arguments.lines :] if arguments.lines else []:
        print(line)
    offsets = {piece.name: piece.offset for piece in pieces}
    while arguments.follow:
        time.sleep(_LOOK_S)
        pieces = [log_files.after(settings, name, offsets[name]) for name in names]
        offsets = {piece.name: piece.offset for piece in pieces}
        for line in _merged(pieces):
            print(line, flush=True)
    return 0


def _written(settings: config.Settings) -> list[str]:
    """The processes that have a log. Raises Conflict, with systemd's line, where none has."""
    names = [name for name in log_files.NAMES if (settings.home / "log" / f"{name}.log").exists()]
    if not names:
        raise errors.Conflict(
            "no process writes a log here; with systemd: journalctl -u 'novabox-*'"
        )
    return names


def _merged(pieces: list[log_files.Piece]) -> list[str]:
    """Lines of several logs by their time; what has none stays below the line before it."""
    if len(pieces) == 1:
        return pieces[0].lines
    timed: list[tuple[str, str]] = []
    for piece in pieces:
        stamp = ""
        for line in piece.lines:
            stamp = line[:_STAMP_CHARS] if line[:2] == "20" else stamp
            timed.append((stamp, f"{piece.name:<10} {line}"))
    return [line for _, line in sorted(timed, key=lambda one: one[0])]
