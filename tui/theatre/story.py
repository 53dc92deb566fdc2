"""What a hop means, in a sentence or two for someone who sees a cloud for the first time; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tui.client.nouns import Hop

_STORY_BY_KIND: Final[Mapping[str, str]] = {
    "http": "{source} asks {target} over HTTP and waits for the answer: {name}.",
    "sent": "{source} leaves a note for {target} in the queue, and does not wait: {name}.",
    "taken": "{target} finds the note and begins: {name}. Nobody waits for it to end.",
    "state": "{source} writes into the database, in one transaction: {name}. From here on it is "
             "true, whoever dies.",
    "driver": "{source} has the host do real work through {target}: {name}.",
    "stream": "Bytes flow from {source} to {target}: {name}. Nobody holds them all at once.",
}  # fmt: skip


def tell(hop: Hop) -> str:
    """Return the story of a hop; a kind from a newer server is told by its ends."""
    story = _STORY_BY_KIND.get(hop.kind, "{source} to {target}: {name}.")
    if hop.kind == "driver" and hop.target == "guest":
        story = "{source} answers the guest: {name}. The guest asked; nobody here was waiting."
    if hop.kind == "state" and hop.target == "disk":
        story = "{source} found this on its disks, or put it right, by itself: {name}."
    return story.format(source=hop.source, target=hop.target, name=hop.name)
