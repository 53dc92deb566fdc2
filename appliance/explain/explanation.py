"""An explanation, and what it is made from. Reads nothing itself."""

from dataclasses import dataclass

from appliance import config, queue, trace
from appliance.db import connection
from appliance.errors import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an object is as it is: a sentence, the facts behind it, and what a person might do.

    `request_id` is the request whose trace shows how it came to this, empty when there is none.
    """

    state: str
    summary: str
    reasons: tuple[Reason, ...] = ()
    advice: tuple[str, ...] = ()
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where an explanation looks: rows, topics, and the log of hops."""

    settings: config.Settings
    db: connection.Reader
    queues: queue.Administration
    log: trace.Log
