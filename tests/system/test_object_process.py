"""The object store's process: cut uploads, kill -9, odd bytes, its cost."""

import contextlib
import hashlib
import os
import threading
from pathlib import Path

import pytest

from storage.objects.store import INLINE_BYTES_MAX
from tests import cloud
from tests.system.object_process import ObjectProcess


@pytest.fixture(scope="module")
def store(store: ObjectProcess) -> ObjectProcess:
    store.request("PUT", "/c")
    return store


def test_writes_come_only_so_often_as_the_settings_say(tmp_path: Path):
    limited = ObjectProcess(tmp_path)
    with (tmp_path / "novabox.toml").open("a") as settings:
        settings.write("account_writes_per_s = 0.001\ncontainer_writes_per_s = 0.001\n")
    limited.start()
    try:
        assert [limited.request("PUT", "/c")[0] for _ in range(2)] == [201, 498]
        assert [limited.request("PUT", "/c/o", b"")[0] for _ in range(2)] == [201, 498]
    finally:
        limited.stop()


def data_files(store: ObjectProcess) -> list[Path]:
    return [
        path for path in (store.home / "objects" / "d1" / "objects").rglob("*") if path.is_file()
    ]


def open_files(store: ObjectProcess) -> int:
    """How many data files, named or not, the process holds open."""
    count = 0
    for fd in Path(f"/proc/{store.pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            count += "/d1/objects" in str(fd.readlink())
    return count


@pytest.mark.parametrize(
    ("framing", "body"),
    [
        ("Content-Length: 4000000", b"x" * 3_000_000),
        ("Transfer-Encoding: chunked", b"2DC6C0\r\n" + b"x" * 3_000_000 + b"\r\n"),
    ],
)
def test_an_upload_that_is_cut_off_leaves_nothing(store: ObjectProcess, framing: str, body: bytes):
    with store.connect() as connection:
        connection.sendall(store.head("PUT", "/c/cut", framing) + body)
    eventually_no_open_files(store)

    assert store.request("GET", "/c/cut")[0] == 404
    assert store.request("GET", "/c")[1] == b""
    assert data_files(store) == []


def eventually_no_open_files(store: ObjectProcess) -> None:
    cloud.eventually(lambda: open_files(store) == 0, timeout_s=30, what="no open data file")


def test_a_reader_that_goes_away_leaves_no_file_open(store: ObjectProcess):
    store.request("PUT", "/c/big", os.urandom(20_000_000))
    with store.connect() as connection:
        connection.sendall(store.head("GET", "/c/big"))
        connection.recv(1000)
    eventually_no_open_files(store)

    store.request("DELETE", "/c/big")


def test_a_refusal_does_not_wait_for_the_body(store: ObjectProcess):
    with store.connect() as connection:
        lines = ("Content-Length: 4000000", "Expect: 100-continue")
        connection.sendall(store.head("PUT", "/missing/o", *lines))
        assert connection.recv(100).startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize(
    ("path", "name"), [("/c/a%252Fb", "a%2Fb"), ("/c/%E2%9C%93", "✓"), ("/c/a+b%26", "a+b&")]
)
def test_names_are_decoded_once(store: ObjectProcess, path: str, name: str):
    assert store.request("PUT", path, b"x")[0] == 201
    assert store.request("GET", "/c")[1].decode() == f"{name}\n"
    store.request("DELETE", path)


def test_a_name_that_is_no_text_is_refused(store: ObjectProcess):
    assert store.request("PUT", "/c/%FF", b"x") == (412, b"Invalid UTF8 or contains NULL")


def test_metadata_of_any_encoding_comes_back_as_sent(store: ObjectProcess):
    sent = "größe ✓".encode()
    with store.connect() as connection:
        meta = store.head("POST", "/c", "X-Container-Meta-A: @", "Connection: close")
        connection.sendall(meta.replace(b"@", sent))
        while connection.recv(1000):
            pass
    with store.connect() as connection:
        connection.sendall(store.head("HEAD", "/c", "Connection: close"))
        answer = b"".join(iter(lambda: connection.recv(1000), b""))

    assert b"x-container-meta-a: " + sent + b"\r\n" in answer


def test_a_body_that_rotted_is_never_whole(store: ObjectProcess):
    """What comes before the rotten block is right, and the answer breaks off there."""
    data = os.urandom(1 << 20) * 3
    store.request("PUT", "/c/rotten", data)
    (path,) = data_files(store)
    with path.open("r+b") as file:
        file.seek((2 << 20) + 77)
        file.write(b"rot")
    with store.connect() as connection:
        connection.sendall(store.head("GET", "/c/rotten", "Connection: close"))
        with contextlib.suppress(ConnectionResetError):
            answer = b""
            while received := connection.recv(1 << 20):
                answer += received
    head, _, body = answer.partition(b"\r\n\r\n")

    assert b"content-length: 3145728" in head.lower()
    assert len(body) <= 2 << 20
    assert data.startswith(body)
    assert store.request("GET", "/c/rotten", Range="bytes=2097152-")[0] == 404
    assert store.request("GET", "/c/rotten", Range="bytes=0-9") == (206, data[:10])
    assert store.request("DELETE", "/c/rotten")[0] == 204


@pytest.mark.crash
def test_killed_during_uploads_nothing_acknowledged_is_lost(tmp_path: Path):
    store = ObjectProcess(tmp_path)
    store.start()
    store.request("PUT", "/c")
    acknowledged: dict[str, bytes] = {}
    for life in range(3):
        threads = [
            threading.Thread(target=_upload_until_killed, args=(store, f"{life}-{n}", acknowledged))
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
        while len(acknowledged) < (life + 1) * 40 and any(t.is_alive() for t in threads):
            threads[0].join(0.01)
        store.stop(kill=True)
        for thread in threads:
            thread.join()
        store.start()
        listed = store.request("GET", "/c")[1].decode().split()
        assert set(acknowledged) <= set(listed)
        for name in listed:
            status, body = store.request("GET", f"/c/{name}")
            assert (status, body) == (200, _body(name))
    store.stop()
    report = store.audit()

    assert "quarantined=[], missing=[], rebuilt=[], repaired=[]" in report
    large = [name for name in listed if len(_body(name)) > INLINE_BYTES_MAX]
    assert len(data_files(store)) == len(large)


def _upload_until_killed(store: ObjectProcess, prefix: str, acknowledged: dict[str, bytes]) -> None:
    number = 0
    while True:
        name = f"{prefix}-{number}"
        try:
            status, _ = store.request("PUT", f"/c/{name}", _body(name))
        except OSError:
            return
        if status == 201:
            acknowledged[name] = _body(name)
        number += 1


def _body(name: str) -> bytes:
    """Between nothing and 160 KB, known from the name."""
    digest = hashlib.sha256(name.encode()).digest()
    return digest * (digest[0] * 20)
