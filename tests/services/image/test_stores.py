"""The stores of a configuration, opened; an image in any of them is copied into any other."""

import dataclasses
import hashlib
import io
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from appliance import config, errors
from appliance.db import connection, images, migrations
from appliance.model.image import Image, ImageStatus
from services.image import stores
from services.image.api import NewImage, attributes
from services.image.data import Data
from storage.images import swift
from storage.images.store import ImageStoreError, Store
from tests import client
from tests.contract import image_places
from tests.contract.image_places import OwnCloud
from tests.openstack_swift import SECRET, USER, OpenStackSwift
from tests.services.image.parts import Parts

BYTES: Final = random.Random(16).randbytes(9 << 20)  # over S3's first part, and nine segments
WRITTEN: Final = ("swift", "file", "remote-swift", "s3")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A cloud's images with all the stores there can be, and what is theirs on the web."""

    settings: config.Settings
    db: connection.Database
    by_name: Mapping[str, Store]
    url: str

    def data(self, store: str) -> Data:
        """The bytes of images, new ones in `store`."""
        image = dataclasses.replace(self.settings.image, store=store)
        return Data(dataclasses.replace(self.settings, image=image), self.db, self.by_name)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    cloud = OwnCloud(tmp_path_factory.mktemp("cloud"))
    cloud.start()
    vendor = OpenStackSwift(tmp_path_factory.mktemp("vendor"))
    vendor.start()
    home = tmp_path_factory.mktemp("home")
    settings = cloud.remote_settings(config.parse({"host": "box1"}, home=home), "copies")
    (home / "secret").write_text(f"{SECRET}\n")
    (home / "secret").chmod(0o600)
    image = dataclasses.replace(
        settings.image, stores=WRITTEN, download_hosts=("127.0.0.1",),
        download_ports=(vendor.url.rpartition(":")[2],),
        s3=config.S3(endpoint=f"{vendor.url}/", access_key=USER, secret_key_file="secret"),
    )  # fmt: skip
    settings = dataclasses.replace(settings, image=image)
    migrations.migrate(home)
    db = connection.open_db(home)
    yield Place(
        settings=settings, db=db, by_name=stores.open_stores(settings, cloud.account),
        url=_published(vendor),
    )  # fmt: skip
    db.close()
    vendor.stop()
    cloud.close()


def _published(vendor: OpenStackSwift) -> str:
    """The URL of an image that everybody may read."""
    place = image_places.vendor_swift(vendor, image_places.new_name())
    place.store.add("disk", io.BytesIO(BYTES))
    headers = {"X-Auth-Token": place.token, "X-Container-Read": ".r:*"}
    assert client.ask("POST", place.url, headers=headers).status == 204
    return f"{place.url}/disk"


def _queued(place: Place, parts: Parts) -> Image:
    new = NewImage(name="disk", disk_format="raw", container_format="bare")
    image = attributes.queued(parts.ctx, new)
    with place.db.transaction() as tx:
        images.create(tx, image)
    return image


def _active(place: Place, parts: Parts, store: str) -> Image:
    """An image whose bytes are in that store."""
    image = _queued(place, parts)
    if store != "http":
        return place.data(store).upload(image, io.BytesIO(BYTES))
    with place.db.transaction() as tx:
        tx.execute(
            "UPDATE images SET status = 'active', store = 'http', location = ? WHERE id = ?",
            (place.url, image.id),
        )
    return images.get(place.db, image.id)


@pytest.mark.parametrize(
    ("source", "target"),
    [(one, other) for one in (*WRITTEN, "http") for other in WRITTEN if one != other],
)
def test_an_image_of_any_store_is_copied_to_any_other(
    place: Place, parts: Parts, source: str, target: str
):
    image, data = _active(place, parts, source), place.data("file")

    data.copy(image, target)

    copied = images.get(place.db, image.id)
    assert [copy.store for copy in copied.copies] == [target]
    location = copied.copies[0].location
    assert b"".join(place.by_name[target].get(location)) == BYTES
    if source != "http":
        assert copied.checksum_md5 == hashlib.md5(BYTES).hexdigest()
        place.by_name[source].delete(str(image.location))
        assert b"".join(data.open(copied)) == BYTES, "the copy stands in for it"


@pytest.mark.parametrize("store", WRITTEN)
def test_a_deleted_image_leaves_no_store_with_a_byte(place: Place, parts: Parts, store: str):
    image = _active(place, parts, store)
    other = "file" if store != "file" else "s3"
    data = place.data(store)
    data.copy(image, other)
    (copy,) = images.get(place.db, image.id).copies
    with place.db.transaction() as tx:
        tx.execute("UPDATE images SET status = 'pending_delete' WHERE id = ?", (image.id,))

    data.clean_up(data.take_over(images.get(place.db, image.id)))

    for name, location in ((store, image.location), (other, copy.location)):
        with pytest.raises(stores.ImageStoreError):
            b"".join(place.by_name[name].get(str(location)))
    assert images.get(place.db, image.id).status is ImageStatus.DELETED


@pytest.mark.parametrize("store", WRITTEN)
def test_an_upload_that_is_cut_off_leaves_a_queued_image(place: Place, parts: Parts, store: str):
    image = _queued(place, parts)

    class Cut(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if data := super().read(size):
                return data
            raise errors.BadRequest("the client went away")

    with pytest.raises(errors.BadRequest, match="went away"):
        place.data(store).upload(image, Cut(BYTES))

    assert images.get(place.db, image.id).status is ImageStatus.QUEUED


def test_a_wrong_password_of_another_cloud_is_said_and_nothing_begins(place: Place, parts: Parts):
    path = place.settings.home / place.settings.image.remote_swift.password_file
    password = path.read_text()
    path.write_text("wrong")
    try:
        by_name = stores.open_stores(place.settings, _nowhere)
        with pytest.raises(errors.Unavailable, match="gives glance no token: 401") as raised:
            by_name["remote-swift"].add("a", io.BytesIO(b"some"))
    finally:
        path.write_text(password)
    assert "wrong" not in str(raised.value)

    by_name["remote-swift"].add("a", io.BytesIO(b"some"))  # the file is read at each login


def test_a_token_of_another_cloud_that_ends_early_is_had_anew(place: Place):
    """That cloud takes it back while segments are on their way. One whose request it had not looked
    at by then is refused, and with it the upload: that is another race, and not the one here.
    """
    for name in ("once", "twice", "again", "still"):
        try:
            return _is_had_anew(place, name)
        except ImageStoreError as error:
            if "401" not in str(error):
                raise
    pytest.fail("a token that ended was never had anew")


def _is_had_anew(place: Place, name: str) -> None:
    remote = stores.open_stores(place.settings, _nowhere)["remote-swift"]
    remote.delete("nothing")  # it has logged in
    access: Callable[[], object] = remote._access  # type: ignore[attr-defined]
    before = access().headers["X-Auth-Token"]  # type: ignore[attr-defined]

    class Revoking(io.BytesIO):
        """A reader in whose middle the token is revoked."""

        is_revoked = False

        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > 3 << 20 and not self.is_revoked:
                self.is_revoked = True
                url = place.settings.image.remote_swift.auth_url
                headers = {"X-Auth-Token": before, "X-Subject-Token": before}
                assert client.ask("DELETE", f"{url}/auth/tokens", headers=headers).status == 204
            return super().read(size)

    remote.add(name, Revoking(BYTES))

    assert b"".join(remote.get(name)) == BYTES
    assert access().headers["X-Auth-Token"] != before  # type: ignore[attr-defined]


def test_only_what_is_configured_is_open(settings: config.Settings):
    assert list(stores.open_stores(settings, _nowhere)) == ["swift", "file", "http"]


def test_imports_may_name_the_stores_that_images_are_put_in(settings: config.Settings):
    image = dataclasses.replace(settings.image, store="s3", stores=("file", "swift", "s3"))

    assert stores.written(settings) == ("swift", "file")
    assert stores.written(dataclasses.replace(settings, image=image)) == ("s3", "file", "swift")


def test_a_store_that_is_not_configured_any_more_is_named(
    settings: config.Settings, place: Place, parts: Parts
):
    image = _active(place, parts, "s3")
    data = Data(settings, place.db, stores.open_stores(settings, _nowhere))

    with pytest.raises(errors.StoreError, match=r"'s3' is not configured \(open: swift, file"):
        data.open(image)
    with pytest.raises(errors.StoreError, match="'s3' is not configured"):
        data.copy(image, "s3")


def _nowhere() -> swift.Access:
    """An object store that does not answer."""
    return swift.Access(url="http://127.0.0.1:1/v1/AUTH_x", headers={})


def test_a_wrong_setting_ends_the_start_with_what_to_write(tmp_path: Path):
    """`novabox up` runs the bootstrap before any process."""
    (tmp_path / "novabox.toml").write_text('[image]\nstore = "s3"\n')

    done = image_places.bootstrap(tmp_path)

    assert done.returncode == 1
    assert "image.store names the store s3, but image.s3.endpoint is empty" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state.db").exists()
