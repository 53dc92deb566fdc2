"""What users put into the object store becomes an image, or says why not and leaves nothing."""

import random
from collections.abc import Iterator

import pytest

from appliance import clock, context, errors
from appliance.db import ec2_ids, images
from appliance.model.image import Image, ImageStatus, Visibility
from services.image import manifests
from services.image.api import NewImage
from tests.services.image import bundling, disks
from tests.services.image.bundling import Made
from tests.services.image.object_store import SIZE_BYTES_MAX, ObjectStore

DISK = random.Random(2010).randbytes(300_000)  # it does not pack: many parts


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    store = ObjectStore(tmp_path_factory.mktemp("home"))
    store.process.start()
    yield store
    store.close()


@pytest.fixture
def store(running: ObjectStore) -> ObjectStore:
    """Without the images of earlier tests."""
    with running.db.transaction() as tx:
        tx.execute("DELETE FROM images")
    for file in running.files():
        file.unlink()
    running.is_away = False
    return running


@pytest.fixture
def demo(store: ObjectStore) -> context.RequestContext:
    return store.ctx("demo")


@pytest.fixture
def made(store: ObjectStore) -> Made:
    return bundling.bundle(DISK, store.settings.etc_dir, part_bytes=50_000)


def _imported(store: ObjectStore, ctx: context.RequestContext, location: str) -> Image:
    promised = store.verbs.register(ctx, location=location, name="disk")
    assert promised.status is ImageStatus.IMPORTING
    store.work()
    return store.image(promised.id)


def _bytes(store: ObjectStore, ctx: context.RequestContext, image: Image) -> bytes:
    return b"".join(store.verbs.download(ctx, image))


@pytest.mark.parametrize(
    ("data", "disk_format"), [(DISK, "raw"), (disks.qcow2(), "qcow2"), (disks.vdi(), "vdi")]
)
def test_a_disk_becomes_an_image_of_the_format_that_it_has(store, demo, data, disk_format):
    store.put({"disk.img": data})

    image = _imported(store, demo, "images/disk.img")

    assert (image.status, image.disk_format, image.reason) == ("active", disk_format, "")
    assert (image.container_format, image.visibility) == ("bare", Visibility.PRIVATE)
    assert image.project_id == demo.project_id
    assert image.size_bytes == len(data)
    assert _bytes(store, demo, image) == data
    assert len(store.files()) == 1


def test_a_bundle_becomes_the_image_in_it(store: ObjectStore, demo, made: Made):
    store.put(made.objects("2010/"))

    image = _imported(store, demo, "images/2010/disk.manifest.xml")

    assert (image.status, image.disk_format, image.container_format) == ("active", "raw", "bare")
    assert image.properties == {
        "architecture": "x86_64", "image_location": "images/2010/disk.manifest.xml",
    }  # fmt: skip
    assert _bytes(store, demo, image) == DISK


def test_kernel_ramdisk_and_the_machine_that_boots_them(store: ObjectStore, demo):
    formats = {}
    for kind, prefix in (("kernel", "aki"), ("ramdisk", "ari")):
        store.put(bundling.bundle(DISK, store.settings.etc_dir, kind=kind).objects(f"{kind}/"))
        image = _imported(store, demo, f"images/{kind}/disk.manifest.xml")
        assert image.status is ImageStatus.ACTIVE
        formats[kind] = (image.disk_format, image.container_format)
        formats[f"{kind}_id"] = image.id, ec2_ids.of(store.db, prefix, image.id)
    assert (formats["kernel"], formats["ramdisk"]) == (("aki", "aki"), ("ari", "ari"))
    (kernel_id, aki), (ramdisk_id, ari) = formats["kernel_id"], formats["ramdisk_id"]
    mapping = "<mapping><virtual>root</virtual><device>/dev/vda</device></mapping>"
    machine = bundling.bundle(DISK, store.settings.etc_dir).on(
        kernel_id=aki, ramdisk_id=ari, architecture="i386", block_device_mapping=mapping
    )
    store.put(machine.objects())

    image = _imported(store, demo, "images/disk.manifest.xml")

    assert (image.status, image.disk_format, image.container_format) == ("active", "ami", "ami")
    expected = {
        "kernel_id": kernel_id, "ramdisk_id": ramdisk_id, "architecture": "i386",
        "root_device_name": "/dev/vda", "image_location": "images/disk.manifest.xml",
    }  # fmt: skip
    assert image.properties == expected


def test_what_is_said_comes_before_what_the_manifest_says(store: ObjectStore, demo, made: Made):
    store.put(made.on(kernel_id="aki-ffffffff").objects())
    kernel = store.verbs.create(demo, NewImage(disk_format="aki", container_format="aki"))

    image = store.verbs.register(
        demo, location="images/disk.manifest.xml", name="mine", description="text",
        architecture="arm64", kernel_id=kernel.id, properties={"a": "b", "image_location": "c/d"},
    )  # fmt: skip

    assert (image.name, image.disk_format) == ("mine", "ami")
    assert image.properties == {
        "a": "b", "description": "text", "architecture": "arm64", "kernel_id": kernel.id,
        "image_location": "images/disk.manifest.xml",
    }  # fmt: skip


def test_what_cannot_become_an_image_is_refused_at_once(store: ObjectStore, demo, made: Made):
    large = str(SIZE_BYTES_MAX + 1)
    store.put(
        {
            "large.img": bytes(SIZE_BYTES_MAX + 1),
            "not.manifest.xml": b"<manifest/>",
            "long.manifest.xml": b"<" * (manifests.BYTES_MAX + 1),
            "large.manifest.xml": made.saying(size=large).manifest(),
            "kernelless.manifest.xml": made.on(kernel_id="aki-ffffffff").manifest(),
        }
    )
    for location, kind in (
        ("images", errors.BadRequest),
        ("images/none.img", errors.NotFound),
        ("images/none.manifest.xml", errors.NotFound),
        ("none/disk.img", errors.NotFound),
        ("images/large.img", errors.TooLarge),
        ("images/not.manifest.xml", errors.BadRequest),
        ("images/long.manifest.xml", errors.TooLarge),
        ("images/large.manifest.xml", errors.TooLarge),
        ("images/kernelless.manifest.xml", errors.NotFound),
    ):
        with pytest.raises(kind):
            store.verbs.register(demo, location=location, name="disk")
    assert images.visible(store.db, demo) == []


def test_only_who_may_make_images_registers_one(store: ObjectStore):
    reader = context.RequestContext(roles=frozenset({"reader"}))

    with pytest.raises(errors.Forbidden):
        store.verbs.register(reader, location="images/disk.img", name="disk")


def test_kernels_are_kernels_that_one_may_see(store: ObjectStore, demo):
    store.put({"disk.img": DISK})
    disk = store.verbs.create(demo, NewImage(disk_format="raw", container_format="bare"))
    hidden = store.verbs.create(
        store.ctx("admin"), NewImage(disk_format="aki", visibility=Visibility.PRIVATE)
    )

    with pytest.raises(errors.BadRequest, match="is raw: it is no kernel"):
        store.verbs.register(demo, location="images/disk.img", name="x", kernel_id=disk.id)
    with pytest.raises(errors.NotFound):
        store.verbs.register(demo, location="images/disk.img", name="x", kernel_id=hidden.id)


def test_nobody_makes_an_image_of_what_is_another_projects(store: ObjectStore, demo, made: Made):
    store.put({"secret.img": DISK} | made.objects(), user="admin", container="private")
    admin_project = store.ctx("admin").project_id

    for location in (
        "private/secret.img",
        "private/disk.manifest.xml",
        f"../AUTH_{admin_project}/private/secret.img",
        f"s3://../AUTH_{admin_project}/private/secret.img",
    ):
        with pytest.raises((errors.NotFound, errors.BadRequest)):
            store.verbs.register(demo, location=location, name="theft")


@pytest.mark.parametrize("filename", ["../private/secret.img", "/etc/passwd", ".."])
def test_a_manifest_names_no_part_elsewhere(store: ObjectStore, demo, made: Made, filename: str):
    store.put({"secret.img": DISK}, container="private")
    part, *_ = made.digests
    store.put({"disk.manifest.xml": made.manifest().replace(part.encode(), filename.encode())})

    image = _imported(store, demo, "images/disk.manifest.xml")

    assert (image.status, store.files()) == (ImageStatus.QUEUED, [])
    assert "no file's name" in image.reason


def _wrong_digest(made: Made) -> dict[str, bytes]:
    name, *_ = made.parts
    return made.objects() | {name: b"\0" + made.parts[name][1:]}


def _truncated_part(made: Made) -> dict[str, bytes]:
    *_, name = made.parts
    return made.objects() | {name: made.parts[name][:-16]}


def _foreign_key(made: Made) -> dict[str, bytes]:
    return made.saying(ec2_encrypted_key="ab" * 256).objects()


def _bomb(made: Made) -> dict[str, bytes]:
    return made.saying(size=str(len(DISK) - 1)).objects()


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (_wrong_digest, "Part disk.part.00 of the bundle has SHA-1"),
        (_truncated_part, "of the bundle has SHA-1"),
        (_foreign_key, "another certificate than this cloud's"),
        (_bomb, "as the manifest says"),
    ],
)
def test_an_import_that_fails_says_why_and_leaves_nothing(store, demo, made, spoilt, reason):
    store.put(spoilt(made))

    image = _imported(store, demo, "images/disk.manifest.xml")

    assert (image.status, image.location, image.claim_owner) == (ImageStatus.QUEUED, None, None)
    assert reason in image.reason
    assert store.files() == []
    assert list(store.manager.due()) == []


def test_a_part_that_is_missing_is_named(store: ObjectStore, demo, made: Made):
    store.put({f"apart/{name}": data for name, data in made.objects().items() if "01" not in name})

    image = _imported(store, demo, "images/apart/disk.manifest.xml")

    assert image.status is ImageStatus.QUEUED
    assert image.reason == "Object images/apart/disk.part.01 could not be found."


def test_a_disk_that_points_at_a_file_of_the_host_is_refused(store: ObjectStore, demo):
    store.put({"disk.img": disks.qcow2(backing_file="/etc/shadow")})

    image = _imported(store, demo, "images/disk.img")

    assert (image.status, store.files()) == (ImageStatus.QUEUED, [])
    assert "backing_file" in image.reason


def test_a_failed_image_can_be_filled_in_another_way(store: ObjectStore, demo, made: Made):
    store.put(_foreign_key(made.saying(type="kernel")))
    image = _imported(store, demo, "images/disk.manifest.xml")
    assert image.reason

    with (store.settings.home / "novabox.toml").open("rb") as reader:
        store.verbs.upload(demo, image.id, reader)

    image = store.image(image.id)
    assert (image.status, image.reason) == (ImageStatus.ACTIVE, "")


def test_an_object_store_that_is_away_is_waited_for(store: ObjectStore, demo):
    store.put({"disk.img": DISK})
    promised = store.verbs.register(demo, location="images/disk.img", name="disk")
    store.is_away = True
    store.work()

    waiting = store.image(promised.id)
    store.is_away = False
    store.work()

    assert (waiting.status, waiting.claim_owner) == (ImageStatus.IMPORTING, None)
    assert "the object store is away" in waiting.reason
    image = store.image(promised.id)
    assert (image.status, image.reason, len(store.files())) == (ImageStatus.ACTIVE, "", 1)


def test_an_object_store_that_stays_away_is_given_up(store: ObjectStore, demo):
    store.put({"disk.img": DISK})
    promised = store.verbs.register(demo, location="images/disk.img", name="disk")
    store.is_away = True
    for _ in range(store.settings.queue.attempts_max + 1):
        store.work()

    image = store.image(promised.id)
    assert (image.status, store.files()) == (ImageStatus.QUEUED, [])
    assert "was begun 5 times and never finished. object images/disk.img" in image.reason


def test_an_import_whose_process_died_begins_again(store: ObjectStore, demo):
    store.put({"disk.img": DISK})
    promised = store.verbs.register(demo, location="images/disk.img", name="disk")
    with store.db.transaction() as tx:
        tx.execute(
            "UPDATE images SET store = 'file', location = 'left', attempts = 1, "
            "claim_owner = 'box1/1/x', claim_expires_at = ? WHERE id = ?",
            (clock.stamp(0), promised.id),
        )
    (store.settings.home / "images" / "left").write_bytes(DISK)

    store.work()

    image = store.image(promised.id)
    assert (image.status, image.attempts) == (ImageStatus.ACTIVE, 2)
    assert [file.name for file in store.files()] == [image.location]


def test_a_delete_before_the_worker_comes_wins(store: ObjectStore, demo):
    store.put({"disk.img": DISK})
    promised = store.verbs.register(demo, location="images/disk.img", name="disk")

    store.verbs.delete(demo, promised.id)
    store.work()

    assert (store.image(promised.id).status, store.files()) == (ImageStatus.DELETED, [])


def test_nobody_uploads_into_an_image_that_is_imported(store: ObjectStore, demo):
    store.put({"disk.img": DISK})
    promised = store.verbs.register(demo, location="images/disk.img", name="disk", kernel_id=None)
    with store.db.transaction() as tx:
        tx.execute("UPDATE images SET disk_format = 'raw' WHERE id = ?", (promised.id,))

    with (
        (store.settings.home / "novabox.toml").open("rb") as reader,
        pytest.raises(errors.Conflict, match="an image that is importing"),
    ):
        store.verbs.upload(demo, promised.id, reader)
