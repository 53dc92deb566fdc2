"""What the hosts' workers say when they are asked; each is asked a thing once, and waited for once.

A worker that does not answer makes its parts unknown, never an error.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance import errors, inquiry

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """An answer, or the reason why there is none."""

    value: Json | None = None
    reason: str = ""

    def part(self, *path: str) -> Json | None:
        """What is at these keys of the answer; None where there is nothing."""
        found: Any = self.value
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found if isinstance(found, dict) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """One round of looking. With `is_everything` workers are asked about all they have, at once."""

    run_dir: Path
    is_everything: bool = False
    ask: Callable[..., Any] = inquiry.ask
    _kept: dict[tuple[str, str, str], Look] = field(default_factory=dict)
    _silent: dict[str, str] = field(default_factory=dict)  # topic → why nobody answers there

    def guests(self, host: str, instance_id: str = "") -> Look:
        """What the compute worker says; see services/compute/answers.py."""
        return self._look(f"compute.{host}", "guests", "" if self.is_everything else instance_id)

    def wiring(self, host: str) -> Look:
        """What the network worker says; see services/network/answers.py."""
        return self._look(f"network.{host}", "wiring", "")

    def volumes(self, host: str, volume_id: str = "") -> Look:
        """What the volume worker says; see services/volume/answers.py."""
        return self._look(f"volume.{host}", "volumes", "" if self.is_everything else volume_id)

    def stored(self, image_id: str) -> Look:
        """What the image worker says; see services/image/answers.py."""
        return self._look("image", "stored", image_id)

    def kept(self, kind: str, path: str) -> Look:
        """What the object store says of one; see services/object/answers.py."""
        return self._look("object", kind, path)

    def _look(self, topic: str, question: str, object_id: str) -> Look:
        key = (topic, question, object_id)
        if key not in self._kept:
            self._kept[key] = self._asked(topic, question, object_id)
        return self._kept[key]

    def _asked(self, topic: str, question: str, object_id: str) -> Look:
        if topic in self._silent:
            return Look(reason=self._silent[topic])
        try:
            return Look(value=self.ask(self.run_dir, topic, question, object_id))
        except errors.Unavailable as error:
            self._silent[topic] = str(error)
            return Look(reason=str(error))
