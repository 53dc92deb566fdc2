"""Why an image cannot be used yet."""

import pytest

from appliance import clock, explain, ids
from appliance.db import image_tasks, images
from appliance.model.image import Image, ImageStatus, Visibility
from appliance.model.image_task import ImageTask, TaskStatus


def add(db, **columns):
    now = clock.stamp()
    values = {
        "id": ids.new_uuid(), "name": "tiny", "status": ImageStatus.ACTIVE,
        "visibility": Visibility.PRIVATE, "project_id": "p1", "container_format": "bare",
        "disk_format": "qcow2", "size_bytes": 1, "virtual_size_bytes": 1, "checksum_md5": None,
        "checksum_sha512": None, "checksum_xxh3": None, "min_disk_gib": 0, "min_memory_mib": 0,
        "is_protected": 0, "is_hidden": 0, "store": "file", "location": None,
        "request_id": ids.new_request_id(), "created_at": now, "updated_at": now,
        "deleted_at": None, "claim_owner": None, "claim_expires_at": None, "properties": {},
        "tags": (),
    }  # fmt: skip
    image = Image(**values | columns)
    with db.transaction() as tx:
        images.create(tx, image)
    return image


@pytest.mark.parametrize("status", list(ImageStatus))
def test_every_status_is_explained(evidence, db, status):
    assert explain.explain(evidence, "image", add(db, status=status).id).summary


def test_an_import_that_failed_says_why_and_where_it_did_not_get(evidence, db):
    image = add(db, status=ImageStatus.QUEUED)
    with db.transaction() as tx:
        tx.execute("UPDATE images SET reason = 'no such host', failed_to = 's3'")
    found = explain.explain(evidence, "image", image.id)

    assert [(one.what, one.text) for one in found.reasons] == [
        ("last import", "no such host"), ("store s3", "did not take it"),
    ]  # fmt: skip
    assert found.advice == ("Upload or import its bytes.",)


def test_an_import_under_way_counts_its_bytes(evidence, db):
    image = add(db, status=ImageStatus.IMPORTING)
    now = clock.stamp()
    task = ImageTask(
        id=ids.new_uuid(), type="api_image_import", image_id=image.id, project_id="p1",
        user_id="u1", request_id=image.request_id, input={}, created_at=now, updated_at=now,
        status=TaskStatus.PROCESSING, done_bytes=5, total_bytes=20,
    )  # fmt: skip
    with db.transaction() as tx:
        image_tasks.create(tx, task)
    found = explain.explain(evidence, "image", image.id)

    assert (found.reasons[0].asked, found.reasons[0].limit) == (5, 20)
    assert found.reasons[1].what == "service image"


def test_an_upload_whose_sender_died_says_so(evidence, db):
    past = clock.stamp(clock.now() - 60)
    image = add(db, status=ImageStatus.SAVING, claim_owner="api/1", claim_expires_at=past)

    assert explain.explain(evidence, "image", image.id).reasons[0].what == "upload"
