"""What hosts say, in a sentence for a person: `needs 8 GiB of memory, 6.1 GiB free`."""

from collections.abc import Sequence
from typing import Final

from appliance.model.instance import Instance
from services.scheduler.filters import Check, Verdict

_NOUNS: Final = {"vCPUs": "vCPUs", "MiB": "memory", "GiB": "disk"}


def best(verdicts: Sequence[Verdict]) -> Verdict | None:
    """The host that is nearest to taking it: the fewest filters refuse."""
    return min(verdicts, key=lambda one: len(one.refused), default=None)


def why_not(verdicts: Sequence[Verdict]) -> str:
    """Why nothing fits, as the nearest host says it."""
    nearest = best(verdicts)
    if nearest is None:
        return "No compute host has reported in."
    return f"{nearest.host.name}: {'; '.join(_sentence(one) for one in nearest.refused)}."


def delete(instance: Instance | None) -> str:
    """Who would have to go."""
    return f"Delete {instance.name} and it fits." if instance else ""


def joined(*sentences: str) -> str:
    """Those of the sentences that say something."""
    return " ".join(sentence for sentence in sentences if sentence)


def _sentence(check: Check) -> str:
    if check.asked is None or check.free is None:
        return check.text
    noun = _NOUNS[check.unit]
    if check.unit == "vCPUs":
        return f"needs {check.asked} {noun}, {check.text.partition(', ')[2]}"
    free = _size(max(check.free, 0), check.unit)
    return f"needs {_size(check.asked, check.unit)} of {noun}, {free} free"


def _size(amount: int, unit: str) -> str:
    if unit == "MiB" and amount >= 1024:
        return f"{amount / 1024:.1f}".removesuffix(".0") + " GiB"
    return f"{amount} {unit}"
