"""What a person may do to topics and to messages that wait. Knows no row and no HTTP.

Every verb leaves its mark in the trace of the request whose message it was. A message that is not
there any more was taken meanwhile: NotFound.
"""

from dataclasses import dataclass
from typing import Final

from appliance import clock, config, context, errors, trace
from appliance.queue import messages
from appliance.queue.dead import DEAD
from appliance.queue.messages import Message, TopicState
from appliance.queue.storage import Pause
from appliance.queue.topic import Topic
from appliance.queue.topics import Queue

PAUSE_S: Final = 300.0
PAUSE_S_MAX: Final = 3600.0  # who forgets a paused topic finds it going on within the hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A message as it was, and what a person should know about what was done to it."""

    message: Message
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """All topics of one cloud, for whoever administers it."""

    settings: config.Settings
    topics: Queue

    def states(self) -> list[TopicState]:
        """Every topic there is, by name."""
        return [self.state(name) for name in self.topics.names()]

    def state(self, topic: str) -> TopicState:
        """Depth, pause and age of the oldest message. Raises NotFound."""
        file = self.topics.get(topic).file
        oldest = file.oldest()
        return messages.state(
            topic,
            depth=file.queue_size(),
            pause=file.pause_now(),
            oldest_age_s=clock.now() - messages.decode(oldest).queued_at if oldest else None,
        )

    def pause(self, topic: str, *, for_s: float = PAUSE_S, by: str = "") -> Pause:
        """Let messages wait for so long; a step under way goes on. Pausing again renews it.

        Nobody must end it: the file says when it is over. Raises NotFound, BadRequest.
        """
        if not 0 < for_s <= PAUSE_S_MAX:
            raise errors.BadRequest(f"a pause is over 0 and up to {PAUSE_S_MAX:g} s, not {for_s:g}")
        now = clock.now()
        paused = Pause(since=now, until=now + for_s, by=by)
        file = self._served(topic).file
        before = file.pause_now()
        if before is not None:
            paused = Pause(since=before.since, until=now + for_s, by=by)
        file.pause(paused)
        return paused

    def resume(self, topic: str) -> None:
        """Let messages through again. Raises NotFound."""
        self._served(topic).file.resume()
        self.topics.wake(topic, everybody=True)

    def step(self, topic: str) -> None:
        """Let the next message through a paused topic. Raises NotFound, Conflict."""
        served = self._paused(topic)
        if not served.file.release():
            raise errors.Conflict(f"no message waits in {topic}")
        self.topics.wake(topic)

    def release(self, topic: str, message_id: str) -> Done:
        """Let this message through a paused topic. Raises NotFound, Conflict."""
        served = self._paused(topic)
        message = self.message(topic, message_id)
        self._changed(served.file.release(message_id), message_id)
        self._tell("let through", topic, message)
        self.topics.wake(topic)
        return Done(message=message, note=f"let through; {topic} stays paused for the others")

    def raise_to_front(self, topic: str, message_id: str) -> Done:
        """Have this message be the next that is taken. Raises NotFound, Conflict."""
        served = self._served(topic)
        message = self.message(topic, message_id)
        if not message.is_released:
            self._changed(served.file.raise_to_front(message_id), message_id)
        self._tell("raised", topic, message)
        return Done(message=message, note="the next that is taken")

    def drop(self, topic: str, message_id: str) -> Done:
        """Take this message away; its row is not asked. Raises NotFound."""
        message = self._removed(topic, message_id)
        where = message.topic or topic
        self._tell("dropped", where, message)
        return Done(message=message, note=self._after_drop(where, message))

    def bury(self, topic: str, message_id: str, *, by: str = "") -> Done:
        """Put this message aside, among the dead ones. Raises NotFound, Conflict.

        A crash in the middle leaves it in both: it is taken, and lies aside.
        """
        served = self._served(topic)
        message = self.message(topic, message_id)
        if message.wants_reply:
            raise errors.Conflict(
                f"message {message_id} is a call: who waits for its answer gives up; drop it"
            )
        aside = self.topics.dead.bury(topic, message, by=by or "somebody")
        if served.file.remove(message_id) is None:
            self.topics.dead.remove(aside.id)
            raise errors.NotFound("message", message_id)
        self._tell("put aside", topic, message)
        return Done(
            message=aside, note=f"not rung again until it is retried or dropped from {DEAD}"
        )

    def retry(self, message_id: str) -> Done:
        """Ring a dead message again in the topic where it was. Raises NotFound."""
        message = self._removed(DEAD, message_id)
        topic = message.topic or ""
        fields = {key: message.payload[key] for key in _REQUEST}
        token = context.current.set(context.RequestContext.from_message(fields))
        try:
            self.topics.ring(topic, message.step, message.object_id)
        finally:
            context.current.reset(token)
        return Done(message=message, note=f"rung again in {topic}; its row says if it is still due")

    def message(self, topic: str, message_id: str) -> Message:
        """One message that waits. Raises NotFound."""
        found = self.topics.get(topic).file.find(message_id)
        if found is None:
            raise errors.NotFound("message", message_id)
        return messages.decode(found)

    def _served(self, topic: str) -> Topic:
        """A topic that has a worker. Raises NotFound; Conflict for the dead ones'."""
        if topic == DEAD:
            raise errors.Conflict(f"nobody takes messages from {DEAD}: retry or drop them")
        return self.topics.get(topic)

    def _paused(self, topic: str) -> Topic:
        served = self._served(topic)
        if served.file.pause_now() is None:
            raise errors.Conflict(f"{topic} is not paused: nothing holds its messages")
        return served

    def _removed(self, topic: str, message_id: str) -> Message:
        """The message, taken away. Raises NotFound."""
        message = self.message(topic, message_id)
        self._changed(self.topics.get(topic).file.remove(message_id) is not None, message_id)
        return message

    @staticmethod
    def _changed(is_done: bool, message_id: str) -> None:
        if not is_done:
            raise errors.NotFound("message", message_id)

    def _after_drop(self, topic: str, message: Message) -> str:
        if message.wants_reply:
            return "it was a call: whoever waits for its answer gives up"
        return (
            f"only the message is gone: if its row still says that {message.step} is due, "
            f"{topic}'s sweep rings it again within {self.settings.queue.sweep_s:g} s"
        )

    @staticmethod
    def _tell(word: str, topic: str, message: Message) -> None:
        """Leave a mark in the trace of the request whose message it is."""
        who = context.current.get()
        fields = {key: message.payload[key] for key in _REQUEST}
        token = context.current.set(context.RequestContext.from_message(fields))
        try:
            trace.event(
                "state", f"{message.step} {word}", target=topic, object_id=message.object_id,
                by=who.user_name if who else "",
            )  # fmt: skip
        finally:
            context.current.reset(token)


_REQUEST: Final = ("request_id", "hop_id", "user_id", "project_id")
