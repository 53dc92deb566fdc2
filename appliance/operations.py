"""What an administrator does to the cloud's own parts: topics, messages, processes.

The API and the command line both come by here, so that both leave the same line in the journal.
Whether the caller may is the API's to ask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from appliance import clock, config, context, errors, log_files, queue, supervisor
from appliance.db import connection, journal, services
from appliance.model.host import Service
from appliance.model.journal import Inverse

# what may be done to a message, and to a process
MESSAGE_VERBS: Final = ("release", "raise", "drop", "dead", "retry")
SERVICE_VERBS: Final = ("restart", "stop", "start", "kill")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """One cloud, for whoever administers it."""

    settings: config.Settings
    db: connection.Database
    queues: queue.Administration

    def pause(self, ctx: context.RequestContext, topic: str, *, for_s: float) -> None:
        """Let the topic's messages wait for so long. Raises NotFound, Conflict, BadRequest."""
        self.queues.pause(topic, for_s=for_s, by=ctx.user_name)
        back = Inverse(verb="topic.resume", args={"topic": topic})
        self._note(ctx, "topic.pause", topic, inverse=back)

    def resume(self, ctx: context.RequestContext, topic: str) -> None:
        """Let them through again. Raises NotFound, Conflict."""
        paused = self.queues.state(topic).paused_until
        self.queues.resume(topic)
        if paused is not None:
            left_s = max(paused - clock.now(), 1.0)
            back = Inverse(verb="topic.pause", args={"topic": topic, "for_s": left_s})
            self._note(ctx, "topic.resume", topic, inverse=back)

    def step(self, ctx: context.RequestContext, topic: str) -> None:
        """Let the next one through a paused topic. Raises NotFound, Conflict."""
        self.queues.step(topic)
        self._note(ctx, "topic.step", topic)

    def message(
        self, ctx: context.RequestContext, topic: str, message_id: str, verb: str
    ) -> queue.Done:
        """Do one of `MESSAGE_VERBS` to a message. Raises NotFound, Conflict."""
        acts: dict[str, Callable[[], queue.Done]] = {
            "release": lambda: self.queues.release(topic, message_id),
            "raise": lambda: self.queues.raise_to_front(topic, message_id),
            "drop": lambda: self.queues.drop(topic, message_id),
            "dead": lambda: self.queues.bury(topic, message_id, by=ctx.user_name),
            "retry": lambda: self._retry(topic, message_id),
        }
        done = acts[verb]()
        self._note(ctx, f"message.{verb}", message_id, name=f"{done.message.step} in {topic}")
        return done

    def service(self, ctx: context.RequestContext, topic: str, verb: str) -> dict[str, Any]:
        """Do one of `SERVICE_VERBS` to a process, named or by its topic. Raises NotFound, Conflict.

        The supervisor has sent a signal when this returns; the process may still be ending.
        """
        name = self.service_name(topic)
        said = supervisor.control_service(self.settings, name, verb)
        self._note(ctx, f"service.{verb}", name)
        return said

    def service_name(self, topic: str) -> str:
        """The process that serves a topic, or that has this name. Raises NotFound, Conflict."""
        if topic in log_files.NAMES:
            return topic
        found: Service | None = next(
            (one for one in services.all_services(self.db) if one.topic == topic), None
        )
        if found is None:
            raise errors.NotFound("service", topic)
        if found.host != self.settings.host:
            raise errors.Conflict(f"{topic} runs on {found.host}: ask there")
        return found.name

    def _note(
        self,
        ctx: context.RequestContext,
        action: str,
        object_id: str,
        *,
        name: str = "",
        inverse: Inverse | None = None,
    ) -> None:
        """Tell the journal, after the deed: a queue is files, and a process the kernel's."""
        with self.db.transaction() as tx:
            journal.note(
                tx, ctx, action, object_id=object_id, name=name or object_id, inverse=inverse
            )

    def _retry(self, topic: str, message_id: str) -> queue.Done:
        if topic != queue.DEAD:
            raise errors.Conflict(f"message {message_id} waits in {topic}: it is not dead")
        return self.queues.retry(message_id)
