"""An image's bytes: all of them and right, or none; whoever dies or deletes in between."""

import hashlib
import io
import os
import subprocess
import sys
from collections.abc import Callable

import pytest
import xxhash

from appliance import clock, context, errors, queue
from appliance.db import images
from appliance.model.image import ImageStatus
from services.image import tasks
from services.image.api import NewImage
from storage.images import store
from tests.services.image import disks
from tests.services.image.parts import Parts

DATA = disks.raw(500_000)


class Interrupted:
    """A reader that does something after its first chunk."""

    def __init__(self, then: Callable[[], None]) -> None:
        self._data = io.BytesIO(DATA)
        self._then = then
        self._reads = 0

    def read(self, size_bytes: int, /) -> bytes:
        self._reads += 1
        if self._reads == 2:
            self._then()
        return self._data.read(min(size_bytes, 100_000))


def _raise(error: Exception) -> Callable[[], None]:
    def then() -> None:
        raise error

    return then


def test_an_upload_makes_an_image_active_with_its_checksums(parts: Parts, image_id: str):
    image = parts.verbs.upload(parts.ctx, image_id, io.BytesIO(DATA))

    assert image == parts.image(image_id)
    assert (image.status, image.claim_owner, image.store) == (ImageStatus.ACTIVE, None, "file")
    assert (image.size_bytes, image.virtual_size_bytes) == (len(DATA), len(DATA))
    assert image.checksum_md5 == hashlib.md5(DATA).hexdigest()
    assert image.checksum_sha512 == hashlib.sha512(DATA).hexdigest()
    assert image.checksum_xxh3 == xxhash.xxh3_128_hexdigest(DATA)
    assert parts.files() == [image.location]
    assert b"".join(parts.verbs.download(parts.ctx, image)) == DATA
    assert b"".join(parts.verbs.download(parts.ctx, image, offset=7, length=9)) == DATA[7:16]


@pytest.mark.parametrize(
    ("reader", "raised"),
    [
        (Interrupted(_raise(errors.BadRequest("the client went away"))), errors.BadRequest),
        (Interrupted(_raise(ZeroDivisionError())), ZeroDivisionError),
        (Interrupted(_raise(store.StoreFull("no space left"))), errors.TooLarge),
        (Interrupted(_raise(store.StoreUnreachable("refused"))), errors.Unavailable),
        (Interrupted(_raise(OSError(5, "I/O error"))), errors.StoreError),
        (io.BytesIO(disks.qcow2()), errors.UnsupportedMedia),
        (io.BytesIO(disks.raw(1 << 21)), errors.TooLarge),
    ],
)
def test_an_upload_that_fails_leaves_a_queued_image_and_no_byte(parts, image_id, reader, raised):
    with pytest.raises(raised):
        parts.verbs.upload(parts.ctx, image_id, reader)

    image = parts.image(image_id)
    assert (image.status, image.location, image.claim_owner) == (ImageStatus.QUEUED, None, None)
    assert parts.files() == []
    parts.verbs.upload(parts.ctx, image_id, io.BytesIO(DATA))
    assert parts.image(image_id).status is ImageStatus.ACTIVE


def test_only_a_queued_image_is_filled(parts: Parts, image_id: str):
    parts.verbs.upload(parts.ctx, image_id, io.BytesIO(DATA))

    with pytest.raises(errors.Conflict):
        parts.verbs.upload(parts.ctx, image_id, io.BytesIO(b"other"))
    assert parts.image(image_id).size_bytes == len(DATA)


def test_two_uploads_at_once_are_one_upload(parts: Parts, image_id: str):
    def again() -> None:
        with pytest.raises(errors.Conflict):
            parts.verbs.upload(parts.ctx, image_id, io.BytesIO(b"other"))

    parts.verbs.upload(parts.ctx, image_id, Interrupted(again))

    assert parts.image(image_id).size_bytes == len(DATA)


def test_an_image_without_formats_cannot_be_filled(parts: Parts):
    image = parts.verbs.create(parts.ctx, NewImage())

    with pytest.raises(errors.BadRequest, match="disk_format, container_format"):
        parts.verbs.upload(parts.ctx, image.id, io.BytesIO(DATA))
    assert parts.image(image.id).status is ImageStatus.QUEUED


def test_what_is_wrapped_in_a_file_of_its_own_is_not_inspected(parts: Parts):
    new = NewImage(disk_format="qcow2", container_format="compressed")
    image = parts.verbs.create(parts.ctx, new)

    filled = parts.verbs.upload(parts.ctx, image.id, io.BytesIO(DATA))

    assert (filled.status, filled.virtual_size_bytes) == (ImageStatus.ACTIVE, None)


def test_a_delete_while_bytes_come_wins_and_leaves_nothing(parts: Parts, image_id: str):
    with pytest.raises(errors.Gone):
        parts.verbs.upload(
            parts.ctx, image_id, Interrupted(lambda: parts.verbs.delete(parts.ctx, image_id))
        )

    assert parts.image(image_id).status is ImageStatus.DELETED
    assert parts.files() == []


def test_the_worker_waits_for_the_upload_that_a_delete_overtook(parts: Parts, image_id: str):
    def delete() -> None:
        parts.verbs.delete(parts.ctx, image_id)
        parts.manager.delete_data(image_id)
        assert parts.image(image_id).status is ImageStatus.PENDING_DELETE
        assert list(parts.manager.due()) == []

    with pytest.raises(errors.Gone):
        parts.verbs.upload(parts.ctx, image_id, Interrupted(delete))
    assert parts.image(image_id).status is ImageStatus.DELETED


def test_a_deleted_image_is_seen_by_nobody_and_its_bytes_go(parts: Parts, image_id: str):
    parts.verbs.upload(parts.ctx, image_id, io.BytesIO(DATA))

    parts.verbs.delete(parts.ctx, image_id)

    assert parts.image(image_id).status is ImageStatus.PENDING_DELETE
    with pytest.raises(errors.NotFound):
        parts.verbs.show(parts.ctx, image_id)
    parts.manager.delete_data(image_id)
    parts.manager.delete_data(image_id)
    assert parts.image(image_id).status is ImageStatus.DELETED
    assert parts.files() == []


def test_an_image_without_bytes_is_deleted_at_once(parts: Parts, image_id: str):
    parts.verbs.delete(parts.ctx, image_id)

    assert parts.image(image_id).status is ImageStatus.DELETED
    assert list(parts.manager.due()) == []


def test_a_protected_image_stays(parts: Parts):
    image = parts.verbs.create(parts.ctx, NewImage(is_protected=True))

    with pytest.raises(errors.Forbidden, match="is protected"):
        parts.verbs.delete(parts.ctx, image.id)


def test_what_the_queue_lost_is_found_by_the_sweep(
    parts: Parts, image_id: str, topics: queue.Queue
):
    parts.verbs.upload(parts.ctx, image_id, io.BytesIO(DATA))
    parts.verbs.delete(parts.ctx, image_id)
    while topics.topic("image").dequeue():  # as a worker does that is killed with it in hand
        pass

    topics.once("image", tasks.steps(parts.manager), sweep=lambda: tasks.due(parts.manager))

    assert parts.image(image_id).status is ImageStatus.DELETED


def test_a_store_that_is_away_keeps_the_deletion_for_later(parts: Parts, image_id: str):
    image = parts.verbs.upload(parts.ctx, image_id, io.BytesIO(DATA))
    with parts.db.transaction() as tx:
        tx.execute("UPDATE images SET store = 'swift' WHERE id = ?", (image_id,))
    parts.verbs.delete(parts.ctx, image_id)

    parts.manager.delete_data(image_id)

    assert parts.image(image_id).status is ImageStatus.PENDING_DELETE
    with parts.db.transaction() as tx:
        tx.execute("UPDATE images SET store = 'file' WHERE id = ?", (image_id,))
    assert [step for step, *_ in parts.manager.due()] == ["delete_data"]
    parts.manager.delete_data(image_id)
    assert (parts.image(image_id).status, parts.files()) == (ImageStatus.DELETED, [])
    assert image.location is not None


def _dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("owner", "ends_s", "is_due"),
    [
        ("box1/{alive}/x", 100, False),
        ("box1/{alive}/x", -100, True),
        ("box1/{dead}/x", 100, True),
        ("box2/{dead}/x", 100, False),
    ],
)
def test_an_upload_whose_process_died_is_repaired(parts, image_id, owner, ends_s, is_due):
    owner = owner.format(alive=os.getpid(), dead=_dead_pid())
    with parts.db.transaction() as tx:
        tx.execute(
            "UPDATE images SET status = 'saving', store = 'file', location = 'left', "
            "claim_owner = ?, claim_expires_at = ? WHERE id = ?",
            (owner, clock.stamp(clock.now() + ends_s), image_id),
        )
    (parts.folder / "left").write_bytes(DATA)

    due = [step for step, *_ in parts.manager.due()]
    parts.manager.repair_upload(image_id)

    assert due == (["repair_upload"] if is_due else [])
    image = parts.image(image_id)
    expected = (ImageStatus.QUEUED, []) if is_due else (ImageStatus.SAVING, ["left"])
    assert (image.status, parts.files()) == expected


def test_an_upload_that_was_given_up_cannot_finish(parts: Parts, image_id: str):
    """Its process stood still until the sweep took the image; then it goes on."""

    def given_up() -> None:
        with parts.db.transaction() as tx:
            tx.execute("UPDATE images SET claim_expires_at = ?", (clock.stamp(0),))
        parts.manager.repair_upload(image_id)
        parts.verbs.upload(parts.ctx, image_id, io.BytesIO(b"the second upload"))

    with pytest.raises(errors.Gone):
        parts.verbs.upload(parts.ctx, image_id, Interrupted(given_up))

    image = parts.image(image_id)
    assert (image.status, parts.files()) == (ImageStatus.ACTIVE, [image.location])
    assert b"".join(parts.verbs.download(parts.ctx, image)) == b"the second upload"


def test_an_image_without_bytes_cannot_be_downloaded(parts: Parts, image_id: str):
    with pytest.raises(errors.Conflict):
        parts.verbs.download(parts.ctx, parts.image(image_id))


def test_bytes_that_are_gone_are_an_error_before_the_first_byte(parts: Parts, image_id: str):
    image = parts.verbs.upload(parts.ctx, image_id, io.BytesIO(DATA))
    (parts.folder / str(image.location)).unlink()

    with pytest.raises(errors.StoreError, match="no file"):
        parts.verbs.download(parts.ctx, image)


def test_only_its_project_and_admins_change_an_image(parts: Parts, image_id: str):
    other = context.RequestContext(roles=frozenset({"member"}))
    worker = context.RequestContext(roles=frozenset({"service"}))
    admin = context.RequestContext(roles=frozenset({"admin"}))

    with pytest.raises(errors.NotFound):
        parts.verbs.delete(other, image_id)
    with pytest.raises(errors.Forbidden):
        parts.verbs.delete(worker, image_id)
    parts.verbs.delete(admin, image_id)
    assert images.get(parts.db, image_id).deleted_at
