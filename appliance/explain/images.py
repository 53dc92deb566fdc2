"""Why an image cannot be used yet: no bytes, bytes on their way, or an import that failed."""

from typing import Final

from appliance import clock
from appliance.db import image_tasks, images
from appliance.errors import Reason
from appliance.explain import waiting
from appliance.explain.explanation import Evidence, Explanation
from appliance.model.image import Image, ImageStatus

_S = ImageStatus
_TOPIC: Final = "image"
_WORDS: Final = {
    _S.QUEUED: "It has no bytes yet.",
    _S.SAVING: "Somebody is sending its bytes.",
    _S.UPLOADING: "Its bytes are here, staged, and wait for an import.",
    _S.IMPORTING: "The image worker is fetching its bytes.",
    _S.ACTIVE: "It can be used.",
    _S.DEACTIVATED: "It was deactivated: nobody but an administrator may have its bytes.",
    _S.PENDING_DELETE: "It is deleted; its bytes are being removed.",
    _S.DELETED: "It is deleted.",
}
_ADVICE: Final = {
    _S.QUEUED: "Upload or import its bytes.",
    _S.UPLOADING: "Import it.",
    _S.DEACTIVATED: "Reactivate it.",
}


def explain(evidence: Evidence, key: str) -> Explanation:
    """Why the image is as it is. Raises NotFound."""
    image = images.get(evidence.db, key)
    reasons, advice = _failed(image), _advice(image.status)
    if image.status in (_S.IMPORTING, _S.PENDING_DELETE):
        in_the_way, more = waiting.blocked(evidence, _TOPIC)
        reasons, advice = (*reasons, *_fetched(evidence, image), *in_the_way), (*advice, *more)
    if image.status is _S.SAVING and (image.claim_expires_at or "") < clock.stamp():
        text = "whoever sent it went away; its rest is about to be removed"
        reasons = (*reasons, Reason(what="upload", text=text))
    return Explanation(
        state=image.status, summary=_WORDS[image.status], reasons=reasons, advice=advice,
        request_id=image.request_id,
    )  # fmt: skip


def _advice(status: ImageStatus) -> tuple[str, ...]:
    return (_ADVICE[status],) if status in _ADVICE else ()


def _failed(image: Image) -> tuple[Reason, ...]:
    """What went wrong before: the last import, and stores that it did not reach."""
    found = [Reason(what="last import", text=image.reason)] if image.reason else []
    stores = [name for name in (image.failed_to or "").split(",") if name]
    return (*found, *(Reason(what=f"store {name}", text="did not take it") for name in stores))


def _fetched(evidence: Evidence, image: Image) -> list[Reason]:
    task = image_tasks.open_of(evidence.db, image.id)
    if task is None:
        return []
    total = f" of {task.total_bytes:,}" if task.total_bytes else ""
    return [
        Reason(
            what="import", text=f"{task.done_bytes:,}{total} bytes have come",
            asked=task.done_bytes, limit=task.total_bytes, unit="bytes",
        )
    ]  # fmt: skip
