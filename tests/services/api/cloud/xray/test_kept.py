"""The x-ray of containers and objects, over a real store that answers."""

import json
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from appliance import inquiry
from services.object import answers
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes
from tests.services.api.clouds import CLOUD


@pytest.fixture
def store(cloud) -> Iterator[ObjectStore]:
    """The store of the cloud's `object` process, with a container of demo's."""
    with ObjectStore(cloud.settings.home / "objects", inline_bytes_max=8) as opened:
        server = inquiry.serve(cloud.settings.run_dir, "object", answers.answers(opened))
        opened.put_container(f"AUTH_{cloud.project_id()}", "box")
        yield opened
        server.close()


def put(cloud, store: ObjectStore, name: str, data: bytes, **said: str) -> ObjectName:
    named = ObjectName(f"AUTH_{cloud.project_id()}", "box", name)
    with store.put_object(named) as upload:
        upload.write(data)
        upload.commit(Attributes(metadata=said))
    return named


def look(cloud, kind: str, path: str, **options) -> dict:
    return cloud.get(f"{CLOUD}/xray/{kind}/{quote(path, safe='')}", **options)["xray"]


def parts(tree: dict) -> dict[str, dict]:
    return {child["label"]: child for child in tree["children"]}


def test_a_container_is_shown_with_its_file_and_what_is_in_it(cloud, store):
    put(cloud, store, "small", b"1")
    put(cloud, store, "large", b"1" * 1000)
    changes = {"X-Container-Sysmeta-S3-Versioning": "Enabled"}
    store.post_container(f"AUTH_{cloud.project_id()}", "box", changes=changes)
    tree = look(cloud, "container", "box")

    assert (tree["label"], tree["kind"]) == ("box", "container")
    assert tree["detail"].startswith("2 objects, 1001 B  of AUTH_")
    found = parts(tree)
    assert found["file"]["detail"].startswith("containers/")
    assert (found["bytes in it"]["word"], found["data files"]["word"]) == (
        "1 object", "1 object",
    )  # fmt: skip
    assert (found["versions"]["word"], found["versions"]["detail"]) == (
        "kept", "0 that are not current  0 B",
    )  # fmt: skip


def test_counts_that_do_not_agree_with_the_rows_are_a_mismatch(cloud, store):
    name = put(cloud, store, "a", b"1")
    with store.catalog.borrow(name.account, name.container) as opened:
        opened._db.change(lambda db: db.execute("UPDATE container SET object_count = 3"))

    mismatch = parts(look(cloud, "container", "box"))["file"]["mismatch"]
    assert mismatch == "it has 1 object of 1 bytes, its count says 3 of 1"


def test_an_archive_that_is_not_there_is_a_mismatch(cloud, store):
    account = f"AUTH_{cloud.project_id()}"
    store.post_container(account, "box", changes={"X-Versions-Location": "old"})
    assert "is not there" in parts(look(cloud, "container", "box"))["archive old"]["mismatch"]

    store.put_container(account, "old")
    assert parts(look(cloud, "container", "box"))["archive old"]["word"] == "stack"


def test_an_object_is_shown_down_to_its_copies(cloud, store):
    name = put(cloud, store, "a/b", b"1" * 1000)
    tree = look(cloud, "object", "box/a/b")
    found = parts(tree)
    (partition,) = [node for label, node in found.items() if label.startswith("partition")]
    (copy,) = partition["children"]

    assert (tree["label"], tree["word"]) == ("box/a/b", "there")
    assert (copy["word"], copy["mismatch"]) == ("whole", "")
    assert (found["container"]["kind"], found["container"]["id"]) == ("container", "box")
    assert store.root / copy["detail"] == store.files.path(name, store.head_object(name).written)


def test_a_copy_that_is_wrong_is_a_mismatch(cloud, store):
    name = put(cloud, store, "a", b"1" * 1000)
    path = store.files.path(name, store.head_object(name).written)
    path.chmod(0o600)

    def mismatch() -> str:
        return look(cloud, "object", "box/a")["children"][1]["children"][0]["mismatch"]

    path.write_bytes(b"2" * 1000)
    assert mismatch().startswith("its bytes are not those that were written")
    path.write_bytes(b"2")
    assert mismatch() == "the row says 1000 bytes, the file has 1"
    path.unlink()
    assert mismatch().startswith("the copy is not there")


def test_what_belongs_to_an_object_is_shown(cloud, store):
    put(cloud, store, "1", b"1")
    row = {"name": "/box/1", "bytes": 1, "hash": "c4ca4238a0b923820dcc509a6f75849b"}
    said = {"X-Static-Large-Object": "True", "X-Object-Sysmeta-Slo-Size": "1",
            "X-Object-Sysmeta-Slo-Etag": "e"}  # fmt: skip
    put(cloud, store, "big", json.dumps([row, row | {"name": "/box/2"}]).encode(), **said)
    put(cloud, store, "link", b"", **{"X-Symlink-Target": "box/1"})

    large = parts(look(cloud, "object", "box/big"))["static large object"]
    assert large["detail"] == "2 segments  1 B"
    assert [each["mismatch"].partition(":")[0] for each in large["children"]] == [
        "it is not there", "",
    ]  # fmt: skip
    found = parts(look(cloud, "object", "box/link"))
    assert (found["link to"]["id"], found["bytes"]["word"]) == ("box/1", "whole")


def test_one_sees_ones_own_and_an_administrator_all(cloud, store):
    put(cloud, store, "a", b"1")
    for kind, path in (("container", "box"), ("object", "box/a")):
        url = f"{CLOUD}/xray/{kind}/{path}"
        assert cloud.ask("GET", url).status_code == 200
        assert cloud.ask("GET", url, user="other").status_code == 404
        assert f"of AUTH_{cloud.project_id()}" in look(cloud, kind, path, user="admin")["detail"]
    assert cloud.ask("GET", f"{CLOUD}/xray/object/box/x").status_code == 404
    path = quote(f"/AUTH_{cloud.project_id()}/box", safe="")
    assert cloud.ask("GET", f"{CLOUD}/xray/container/{path}", user="other").status_code == 404


def test_a_store_that_does_not_answer_makes_its_parts_unknown(cloud):
    tree = look(cloud, "object", "box/a")

    assert [child["meaning"] for child in tree["children"]] == ["unknown"]
