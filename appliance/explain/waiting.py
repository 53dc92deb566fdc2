"""What a row waits for whose next step is some worker's: who holds it, or what is in its way."""

from typing import Protocol

from appliance import clock, errors, processes
from appliance.db import services
from appliance.errors import Reason
from appliance.explain.explanation import Evidence
from appliance.model.host import Service
from appliance.queue import TopicState


class Claimed(Protocol):
    """What every claimed row has."""

    @property
    def claim_owner(self) -> str | None:
        """Who takes a step on it now."""
        ...

    @property
    def claim_expires_at(self) -> str | None:
        """Until when."""
        ...

    @property
    def attempts(self) -> int:
        """How often this step was begun."""
        ...


def of(evidence: Evidence, topic: str, row: Claimed) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    """Reasons and advice for a row that `topic`'s worker goes on with."""
    reasons, advice = blocked(evidence, topic)
    if row.claim_owner and (row.claim_expires_at or "") > clock.stamp():
        reasons = (Reason(what=topic, text=f"{row.claim_owner} is at it"), *reasons)
    if row.attempts > 1:
        limit = evidence.settings.queue.attempts_max
        text = f"this is attempt {row.attempts}; after {limit} it is given up"
        reasons = (*reasons, Reason(what="attempts", text=text, asked=row.attempts, limit=limit))
    return reasons, advice


def blocked(evidence: Evidence, topic: str) -> tuple[tuple[Reason, ...], tuple[str, ...]]:
    """Why a topic's worker takes nothing, and what helps; nothing of one that goes on."""
    reasons: list[Reason] = []
    advice: list[str] = []
    state = topic_state(evidence, topic)
    if state and state.is_paused:
        reasons.append(paused(state))
        advice.append(f"Resume the topic {topic}.")
    found = service(evidence, topic)
    if found is None:
        reasons.append(Reason(what=f"service {topic}", text="has never reported in"))
    elif not processes.is_up(found, here=evidence.settings.host):
        reasons.append(down(found))
    if found is None or not processes.is_up(found, here=evidence.settings.host):
        advice.append(f"Start the service {topic}; `novabox status` says what runs.")
    return tuple(reasons), tuple(advice)


def topic_state(evidence: Evidence, topic: str) -> TopicState | None:
    """The topic as it is now; None before its first message."""
    try:
        return evidence.queues.state(topic)
    except errors.NotFound:
        return None


def service(evidence: Evidence, topic: str) -> Service | None:
    """The process that serves the topic, None when none ever did."""
    return next((one for one in services.all_services(evidence.db) if one.topic == topic), None)


def paused(state: TopicState) -> Reason:
    """That the topic is paused, and how much waits in it."""
    who = f" by {state.paused_by}" if state.paused_by else ""
    return Reason(
        what=f"topic {state.name}", text=f"is paused{who}; {state.depth} messages wait in it",
        asked=state.depth, unit="messages",
    )  # fmt: skip


def down(found: Service) -> Reason:
    """That the service does not run, and since when nothing was heard of it."""
    silent_s = clock.now() - clock.seconds(found.seen_at)
    return Reason(
        what=f"service {found.topic}", text=f"is down; last heard of {silent_s:.0f} s ago",
        asked=round(silent_s), unit="s",
    )  # fmt: skip
