"""Why things are as they are: one module a kind, each from rows and topics to an Explanation.

`explain(evidence, kind, key)` is all there is to call. To explain another kind, write a function
that takes an Evidence and a key, and add it to KINDS. Nothing here changes anything, and nothing
decides who may see it.
"""

from collections.abc import Callable
from typing import Final

from appliance import errors
from appliance.explain import images, instances, parts, projects, volumes
from appliance.explain.explanation import Evidence, Explanation

KINDS: Final[dict[str, Callable[[Evidence, str], Explanation]]] = {
    "instance": instances.explain,
    "volume": volumes.explain,
    "snapshot": volumes.explain_snapshot,
    "image": images.explain,
    "topic": parts.explain_topic,
    "service": parts.explain_service,
    "host": parts.explain_host,
    "project": projects.explain,
}


def explain(evidence: Evidence, kind: str, key: str) -> Explanation:
    """Why the object is as it is. Raises NotFound, BadRequest (the kind)."""
    if kind not in KINDS:
        raise errors.BadRequest(f"nothing explains a {kind!r}; known: {', '.join(KINDS)}")
    return KINDS[kind](evidence, key)
