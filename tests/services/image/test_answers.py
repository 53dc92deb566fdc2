"""What the image worker tells of an image's bytes when it is asked."""

import io

from services.image import answers
from tests.services.image import disks
from tests.services.image.parts import Parts


def test_bytes_that_are_there_are_told(parts: Parts, image_id: str):
    stored = answers.answers(parts.db, parts.data)["stored"]
    assert stored(image_id) == {"is_there": False, "reason": "the image is queued"}
    parts.verbs.upload(parts.ctx, image_id, io.BytesIO(disks.raw(500_000)))

    assert stored(image_id) == {"is_there": True, "reason": ""}


def test_bytes_that_are_lost_or_cut_are_told(parts: Parts, image_id: str):
    image = parts.verbs.upload(parts.ctx, image_id, io.BytesIO(disks.raw(500_000)))
    stored = answers.answers(parts.db, parts.data)["stored"]
    path = parts.folder / str(image.location)
    path.write_bytes(path.read_bytes()[:-1])
    cut = stored(image_id)
    path.unlink()
    lost = stored(image_id)

    assert not cut["is_there"]
    assert not lost["is_there"]
    assert "no file" in lost["reason"]
