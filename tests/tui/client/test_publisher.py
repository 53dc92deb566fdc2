"""Publishers' servers over real sockets: redirects, certificates, parts of files, refusals."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from tests.tui.catalog.web import Web, serving
from tui.client.errors import CutOff, NotServed
from tui.client.publisher import Publisher

T = TypeVar("T")
LIST = "/SUMS"
FILE = "/disk.img"
DATA = bytes(range(256)) * 1000


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def ask(story: Callable[[Publisher], Awaitable[T]], *, silent_s: float = 20.0) -> T:
    async def run() -> T:
        async with Publisher(silent_s=silent_s) as publisher:
            return await story(publisher)

    return asyncio.run(run())


def text(url: str) -> str:
    return ask(lambda publisher: publisher.text(url))


def part(url: str, offset: int, *, silent_s: float = 20.0) -> tuple[int, int | None, bytes]:
    async def story(publisher: Publisher) -> tuple[int, int | None, bytes]:
        async with publisher.stream(url, offset=offset) as stream:
            content = b"".join([piece async for piece in stream.pieces])
        return stream.offset, stream.total_bytes, content

    return ask(story, silent_s=silent_s)


def test_a_redirect_is_followed() -> None:
    with serving(Web(files={LIST: b"all"}, redirects={"/old": LIST})) as web:
        assert text(f"{web.url}/old") == "all"


def test_redirects_in_a_circle_end_in_words() -> None:
    with (
        serving(Web(redirects={"/a": "/b", "/b": "/a"})) as web,
        pytest.raises(NotServed, match="leads in circles"),
    ):
        text(f"{web.url}/a")


def test_a_text_without_end_is_not_read_to_it() -> None:
    with (
        serving(Web(files={LIST: bytes(2 << 20)})) as web,
        pytest.raises(NotServed, match="over 1 MiB"),
    ):
        text(web.url + LIST)


@pytest.mark.parametrize(("status", "error"), [(404, NotServed), (403, NotServed), (503, CutOff)])
def test_a_refusal_is_for_good_or_for_now(status: int, error: type[Exception]) -> None:
    with (
        serving(Web(statuses={LIST: [status]})) as web,
        pytest.raises(error, match=f"{web.url}{LIST}: {status}"),
    ):
        text(web.url + LIST)


def test_a_server_that_is_not_there_may_come_back() -> None:
    with serving(Web()) as web:
        url = web.url
    with pytest.raises(CutOff, match=url):
        text(url)


def test_a_file_comes_from_any_byte_on() -> None:
    with serving(Web(files={FILE: DATA})) as web:
        assert part(web.url + FILE, 0) == (0, len(DATA), DATA)
        assert part(web.url + FILE, 1000) == (1000, len(DATA), DATA[1000:])
        assert part(web.url + FILE, len(DATA)) == (len(DATA), len(DATA), b"")
        assert web.ranges(FILE) == ["", "bytes=1000-", f"bytes={len(DATA)}-"]


def test_a_server_without_ranges_begins_at_0_and_says_so() -> None:
    with serving(Web(files={FILE: DATA}, knows_ranges=False)) as web:
        assert part(web.url + FILE, 1000) == (0, len(DATA), DATA)


def test_what_is_longer_than_the_file_is_of_no_use() -> None:
    with serving(Web(files={FILE: DATA})) as web, pytest.raises(CutOff) as caught:
        part(web.url + FILE, len(DATA) + 1)
    assert caught.value.must_restart


def test_an_end_that_comes_too_early_is_a_cut() -> None:
    with (
        serving(Web(files={FILE: DATA}, cuts={FILE: [5000]})) as web,
        pytest.raises(CutOff, match="the server hung up"),
    ):
        part(web.url + FILE, 0)


def test_a_server_that_falls_silent_is_left() -> None:
    web = Web(files={FILE: bytes(2 << 20)}, wait_at=lambda: 1000)
    with serving(web), pytest.raises(CutOff, match="nothing came for too long"):
        part(web.url + FILE, 0, silent_s=0.05)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 that nobody has signed but itself, with its key."""
    path = tmp_path_factory.mktemp("tls") / "own.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", str(path), "-out", str(path.with_suffix(".crt")), "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    path.write_text(path.read_text() + path.with_suffix(".crt").read_text())
    return path


def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused(certificate: Path) -> None:
    with (
        serving(Web(files={LIST: b"all"}), tls=tls(certificate)) as web,
        pytest.raises(NotServed, match="certificate is not trusted"),
    ):
        text(web.url + LIST)


def test_one_that_the_environment_vouches_for_is_trusted(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(Web(files={LIST: b"all"}), tls=tls(certificate)) as web:
        assert text(web.url + LIST) == "all"


def test_checksums_never_come_by_a_detour_over_plain_http(
    certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with serving(Web(files={LIST: b"all", FILE: DATA})) as plain:
        redirects = {"/SUMS": plain.url + LIST, FILE: plain.url + FILE}
        with serving(Web(redirects=redirects), tls=tls(certificate)) as web:
            with pytest.raises(NotServed, match="which is not https: refused"):
                text(web.url + LIST)
            assert part(web.url + FILE, 0)[2] == DATA  # a mirror's: its bytes are checked
