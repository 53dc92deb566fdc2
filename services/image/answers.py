"""What anybody may ask of the image worker at once: whether the bytes of an image are there."""

import contextlib
from typing import Any

from appliance import errors, inquiry
from appliance.db import connection, images
from appliance.model.image import Image, ImageStatus
from services.image.data import Data

Json = dict[str, Any]


def answers(db: connection.Reader, data: Data) -> inquiry.Answers:
    """Question to function: of an image's id."""

    def stored(image_id: str) -> Json:
        return _stored(data, images.get(db, image_id))

    return {"stored": stored}


def _stored(data: Data, image: Image) -> Json:
    """Reads the last byte that there should be: then all before it are there too."""
    if image.status is not ImageStatus.ACTIVE or not image.size_bytes:
        return {"is_there": False, "reason": f"the image is {image.status}"}
    try:
        with contextlib.closing(data.open(image, offset=image.size_bytes - 1, length=1)) as piece:
            found = len(b"".join(piece))
    except errors.NovaboxError as error:
        return {"is_there": False, "reason": str(error)}
    return {"is_there": found == 1, "reason": "" if found == 1 else "its bytes end too early"}
