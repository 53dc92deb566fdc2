"""What the object store says of a container and an object when it is asked."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from appliance import inquiry
from services.object import answers as of_store
from storage.objects import ring
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from tests import asgi
from tests.services.object.conftest import object_face

URL = "/v1/AUTH_p/c"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[ObjectStore]:
    wishes = [ring.Wish(directory=f"d{number}", zone=f"z{number}") for number in range(2)]
    with ObjectStore(tmp_path / "objects", part_power=4, devices=wishes, replicas=2) as opened:
        yield opened


@pytest.fixture
def client(store: ObjectStore) -> TestClient:
    made = asgi.client(object_face(store), headers={"X-Auth-Token": "member"})
    made.put(URL)
    return made


@pytest.fixture
def answers(store: ObjectStore) -> inquiry.Answers:
    return of_store.answers(store)


def test_an_object_is_in_its_partition_on_every_device(answers, client, store):
    client.put(f"{URL}/a/b", content=b"bytes")
    found = answers["object"]("AUTH_p/c/a/b")

    assert (found["is_there"], found["is_inline"], found["replicas"]) == (True, False, 2)
    assert found["partition"] == store.files.ring.partition(ObjectName("AUTH_p", "c", "a/b").hash)
    assert found["etag"] == client.head(f"{URL}/a/b").headers["ETag"]
    assert {each["zone"] for each in found["copies"]} == {"z0", "z1"}
    for copy in found["copies"]:
        assert copy["found"] == {"size_bytes": 5, "is_right": True}
        assert (store.root / copy["path"]).read_bytes() == b"bytes"
    (store.root / found["file"]).stat()
    json.dumps(found)


def test_a_copy_that_rots_or_is_not_there_is_told(answers, client, store):
    client.put(f"{URL}/a", content=b"bytes")
    first, second = answers["object"]("AUTH_p/c/a")["copies"]
    (store.root / first["path"]).chmod(0o600)
    (store.root / first["path"]).write_bytes(b"rotten"[:5])
    (store.root / second["path"]).unlink()

    copies = answers["object"]("AUTH_p/c/a")["copies"]
    assert [each["found"] for each in copies] == [{"size_bytes": 5, "is_right": False}, None]


def test_the_bytes_of_a_small_object_are_in_its_containers_file(tmp_path: Path):
    with ObjectStore(tmp_path / "o") as store:
        client = asgi.client(object_face(store), headers={"X-Auth-Token": "member"})
        client.put(URL)
        client.put(f"{URL}/a", content=b"bytes", headers={"X-Delete-After": "900"})
        answers = of_store.answers(store)
        found = answers["object"]("AUTH_p/c/a")

        assert (found["is_inline"], found["is_right"], found["copies"]) == (True, True, [])
        assert found["delete_at"].startswith("20")
        counted = {
            "objects": 1, "size_bytes": 5, "inline": 1, "trashed": 0, "trashed_bytes": 0,
        }  # fmt: skip
        assert answers["container"]("AUTH_p/c")["counted"] == counted


def test_versions_are_told_the_newest_first(answers, client):
    client.post(URL, headers={"X-Versions-Enabled": "true"})
    for body in (b"1", b"22"):
        client.put(f"{URL}/a", content=body)
    found = answers["object"]("AUTH_p/c/a")["versions"]

    assert found["versioning"] == "Enabled"
    assert [(one["is_current"], one["size_bytes"]) for one in found["newest"]] == [
        (True, 2), (False, 1),
    ]  # fmt: skip
    assert answers["container"]("AUTH_p/c")["shelf"] == {"objects": 1, "size_bytes": 1}


def test_segments_of_a_large_object_are_held_against_its_manifest(answers, client):
    for name in ("1", "2", "3"):
        client.put(f"{URL}/{name}", content=name.encode())
    rows = [{"path": f"/c/{name}"} for name in ("1", "2", "3")]
    client.put(f"{URL}/big?multipart-manifest=put", content=json.dumps(rows))
    client.put(f"{URL}/2", content=b"X")
    client.delete(f"{URL}/3")
    found = answers["object"]("AUTH_p/c/big")["segments"]

    assert (found["is_static"], found["count"], found["size_bytes"]) == (True, 3, 3)
    wrong = {one["path"]: one["wrong"].partition(":")[0] for one in found["shown"]}
    assert wrong == {
        "AUTH_p/c/1": "", "AUTH_p/c/2": "it is another than the manifest says",
        "AUTH_p/c/3": "it is not there",
    }  # fmt: skip


def test_a_container_tells_its_archive(answers, client):
    client.post(URL, headers={"X-History-Location": "old"})

    assert answers["container"]("AUTH_p/c")["archive"] == {
        "container": "old", "is_history": True, "sum": None,
    }  # fmt: skip


def test_what_is_not_there_is_said_not_to_be(answers, client, store):
    store.put_container("\0hidden", "h")

    for kind, path in (
        ("container", "AUTH_p/x"), ("object", "AUTH_p/c/x"), ("object", "AUTH_p/x/x"),
        ("container", "/h"), ("container", ""), ("object", "AUTH_q/c/x"),
    ):  # fmt: skip
        assert answers[kind](path) == {"is_there": False}
    assert answers["container"]("/c")["account"] == "AUTH_p"
