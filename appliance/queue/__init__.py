"""Topics: durable messages that say which step to take on which row. The only home of huey.

A message is a doorbell: a step's name, one id and the request context, never objects or secrets.
The sender commits first and rings after; huey keeps the message in the topic's own SQLite file
(fsynced), and a bell wakes the worker at once instead of huey's polling. Nothing is known only to
the queue: a worker killed with a message in hand loses that message, and its sweep rings the row
again.
"""

from appliance.queue.activity import Activity
from appliance.queue.administration import Administration, Done
from appliance.queue.dead import DEAD
from appliance.queue.messages import Message, TopicState
from appliance.queue.storage import Pause
from appliance.queue.topic import Step
from appliance.queue.topics import Due, Queue, Sweep

__all__ = (
    "DEAD",
    "Activity",
    "Administration",
    "Done",
    "Due",
    "Message",
    "Pause",
    "Queue",
    "Step",
    "Sweep",
    "TopicState",
)
