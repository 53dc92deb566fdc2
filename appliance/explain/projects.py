"""How near a project is to its limits."""

from appliance import quota
from appliance.db import projects
from appliance.errors import Reason
from appliance.explain.explanation import Evidence, Explanation


def explain(evidence: Evidence, key: str) -> Explanation:
    """What of its limits the project has used up, or nearly. Raises NotFound."""
    project = projects.get(evidence.db, key)
    usage = quota.usage(evidence.db, key)
    near = [
        Reason(
            what=f"quota {name}", text=f"{used} of {limit} are used", free=max(limit - used, 0),
            limit=limit,
        )
        for name, used in usage.used.items()
        if (limit := usage.limits[name]) != quota.UNLIMITED and quota.is_near(used, limit)
    ]  # fmt: skip
    if not near:
        summary = f"{project.name} is within all its limits."
        return Explanation(state="ok", summary=summary)
    full = [one for one in near if one.free == 0]
    word = "has used up" if full else "has nearly used up"
    names = ", ".join(one.what.partition(" ")[2] for one in full or near)
    return Explanation(
        state="full" if full else "near quota", summary=f"{project.name} {word} {names}.",
        reasons=tuple(near), advice=("Delete what is not needed, or have a limit raised.",),
    )  # fmt: skip
