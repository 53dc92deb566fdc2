"""What administrators do to the cloud's parts: topics, the messages in them, processes, logs."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Final

import msgspec

from appliance import errors, log_files, operations, policy, queue
from services.api import events
from services.api.cloud.workings import Workings
from services.http import endpoint
from services.http.endpoint import Path, Request, path

Json = dict[str, Any]

_MESSAGES_MAX: Final = 100


class Pause(msgspec.Struct, forbid_unknown_fields=True):
    """POST /topics/{name}/pause; without a body it is the usual time."""

    for_s: float = queue.administration.PAUSE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """The handlers."""

    operations: operations.Operations
    workings: Workings
    events: events.Events

    def paths(self) -> tuple[Path, ...]:
        """Topics, services and logs."""
        get, control = endpoint.endpoint, "/v1/topics/{name}"
        return (
            path("/v1/topics", GET=get(self.topics)),
            path(control, GET=get(self.topic)),
            path(f"{control}/pause", POST=endpoint.decoding(bytes, self.pause)),
            path(f"{control}/resume", POST=get(self._control(self.operations.resume))),
            path(f"{control}/step", POST=get(self._control(self.operations.step))),
            path(f"{control}/messages/{{id}}", GET=get(self.message)),
            *(
                path(f"{control}/messages/{{id}}/{verb}", POST=get(self._message(verb)))
                for verb in operations.MESSAGE_VERBS
            ),
            *(
                path(f"/v1/services/{{name}}/{verb}", POST=get(self._service(verb)))
                for verb in operations.SERVICE_VERBS
            ),
            path("/v1/services/{name}/log", GET=get(self.log)),
        )

    def topics(self, request: Request) -> Json:
        """GET /topics."""
        policy.check(request.ctx, "novabox:list_services")
        return {"topics": [seen.view for seen in self.workings.topics()]}

    def topic(self, request: Request) -> Json:
        """GET /topics/{name}: with the messages that wait, the next one first."""
        policy.check(request.ctx, "novabox:get_messages")
        name = request.path["name"]
        view = self.workings.topic(name).view
        waiting = self.operations.queues.topics.peek(name, limit=_MESSAGES_MAX)
        return {"topic": view, "messages": [asdict(message) for message in waiting]}

    def message(self, request: Request) -> Json:
        """GET /topics/{name}/messages/{id}."""
        policy.check(request.ctx, "novabox:get_messages")
        found = self.operations.queues.message(request.path["name"], request.path["id"])
        return {"message": asdict(found)}

    def pause(self, request: Request, body: bytes) -> Json:
        """POST /topics/{name}/pause: let messages wait, for so long; pausing again renews it."""
        policy.check(request.ctx, "novabox:control_topic")
        try:
            asked = msgspec.json.decode(body, type=Pause) if body.strip() else Pause()
        except msgspec.MsgspecError as error:
            raise errors.BadRequest(str(error)) from error
        self.operations.pause(request.ctx, request.path["name"], for_s=asked.for_s)
        return self._topic_now(request)

    def log(self, request: Request) -> Json:
        """GET /services/{topic}/log?lines=|since=: the end of its log, or what came after that."""
        policy.check(request.ctx, "novabox:get_log")
        name = self.operations.service_name(request.path["name"])
        if "since" in request.query:
            since = number(request, "since", default=0)
            return {"log": asdict(log_files.after(self.operations.settings, name, since))}
        lines = min(number(request, "lines", default=log_files.LINES), log_files.LINES_MAX)
        return {"log": asdict(log_files.tail(self.operations.settings, name, lines=lines))}

    def _control(self, act: Callable[..., None]) -> Callable[[Request], Json]:
        """POST /topics/{name}/…: do it, and answer the topic as it is then."""

        def handler(request: Request) -> Json:
            policy.check(request.ctx, "novabox:control_topic")
            act(request.ctx, request.path["name"])
            return self._topic_now(request)

        return handler

    def _message(self, verb: str) -> Callable[[Request], Json]:
        """POST /topics/{name}/messages/{id}/…: do it; the message as it was, and what to know."""

        def handler(request: Request) -> Json:
            policy.check(request.ctx, "novabox:control_message")
            topic, key = request.path["name"], request.path["id"]
            done = self.operations.message(request.ctx, topic, key, verb)
            now = self._topic_now(request)
            return now | {"message": asdict(done.message), "note": done.note}

        return handler

    def _service(self, verb: str) -> Callable[[Request], Json]:
        """POST /services/{topic}/…: send the signal; what the supervisor says."""

        def handler(request: Request) -> Json:
            policy.check(request.ctx, "novabox:control_service")
            name = request.path["name"]
            if verb == "stop" and self.operations.service_name(name) == "api":
                raise errors.Conflict(
                    "an API that is stopped could not be asked to start again; "
                    "if it must be: novabox service stop api"
                )
            said = self.operations.service(request.ctx, name, verb)
            self.events.look()
            return {"service": said}

        return handler

    def _topic_now(self, request: Request) -> Json:
        self.events.look()
        return {"topic": self.workings.topic(request.path["name"]).view}


def number(request: Request, name: str, *, default: int) -> int:
    """A number of the query. Raises BadRequest."""
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdecimal()):
        raise errors.BadRequest(f"{name} {text!r} is no number")
    return int(text)
