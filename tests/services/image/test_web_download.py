"""Images from the web: never from where only this host can reach, and never for ever."""

import dataclasses
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance import config, errors
from services.image import web_download
from services.image.patience import Patience
from tests.services.image.web import Web, page, redirect

DATA = bytes(range(250)) * 4000
LIMITED = Patience(head_bytes_max=20_000, body_bytes_max=1 << 20)
HASTY = Patience(silence_s=0.3, window_s=0.2, window_bytes=1000)


@pytest.fixture
def web() -> Iterator[Web]:
    with Web() as served:
        yield served


@pytest.fixture
def image(settings: config.Settings) -> config.Image:
    """As it comes: every public host, no private address."""
    return settings.image


def _bytes(
    url: str, settings: config.Image, *, patience: Patience = LIMITED, **asked: int
) -> bytes:
    return b"".join(web_download.open_page(url, settings, patience=patience, **asked).chunks)


def test_a_page_is_had_with_its_length_and_asks_for_plain_bytes(web: Web, image):
    web.answers["/disk?a=b"] = page(DATA)

    opened = web_download.open_page(web.url("/disk?a=b"), web.allowed(image))

    assert opened.size_bytes == len(DATA)
    assert b"".join(opened.chunks) == DATA
    assert "Accept-Encoding: identity" in web.heads[0]
    assert f"Host: 127.0.0.1:{web.port}" in web.heads[0]


def test_a_part_is_asked_for_and_only_a_part_is_taken(web: Web, image):
    told = "Content-Range: bytes 7-15/1000000"
    web.answers["/disk"] = page(DATA[7:16], told, status="206 Partial Content")

    assert _bytes(web.url("/disk"), web.allowed(image), offset=7, length=9) == DATA[7:16]
    assert "Range: bytes=7-15" in web.heads[0]
    web.answers["/disk"] = page(DATA[:9], "Content-Range: bytes 0-8/9", status="206 Part")
    with pytest.raises(errors.StoreError, match="not from 7"):
        _bytes(web.url("/disk"), web.allowed(image), offset=7, length=9)


@pytest.mark.parametrize(
    ("offset", "length"), [(7, 9), (700_000, 299_999), (999_999, None), (0, 1)]
)
def test_of_a_server_that_knows_no_ranges_the_part_is_cut(web: Web, image, offset, length):
    """It answers 200, and all (RFC 9110, 14.2)."""
    web.answers["/disk"] = page(DATA)

    part = _bytes(web.url("/disk"), web.allowed(image), offset=offset, length=length)

    assert part == DATA[offset:][:length]


def test_a_page_that_ends_before_the_part_does_is_said(web: Web, image):
    web.answers["/disk"] = page(DATA[:10])

    with pytest.raises(errors.StoreError, match="ended, 6 bytes early"):
        _bytes(web.url("/disk"), web.allowed(image), offset=7, length=9)


@pytest.mark.parametrize(
    "url",
    [
        "", "disk", "/etc/passwd", "file:///etc/passwd", "ftp://example.org/", "gopher://x/",
        "http://", "http:///disk", "http://user@example.org/", "http://user:word@example.org/",
        "http://example.org@127.0.0.1/", "http://@example.org/", "http://example.org:22/",
        "http://example.org:0/", "http://example.org:99999/", "http://example.org:x/",
        "http://example.org/a b", "http://example.org/\r\nX: y", "http://example.org/\t",
        "http://exa\0mple.org/", "http://example.org/" + "a" * 2048,
        " http://example.org/", "http://[::1/", "http://[nonsense]/",
        "http://127.0.0.1/", "http://127.1.2.3:80/", "https://10.0.0.1/", "http://169.254.169.254/",
        "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[64:ff9b::7f00:1]/",
        "http://[64:ff9b::a9fe:a9fe]/", "http://[2002:7f00:1::]/", "http://[fe80::1%25lo]/",
    ],
)  # fmt: skip
def test_a_url_that_no_image_comes_from_is_refused_by_its_text(image, url):
    with pytest.raises(errors.BadRequest, match="URI for web-download does not pass filtering"):
        web_download.check(url, image)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "LOCALHOST", "localhost.", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1",
        "017700000001", "127.1", "0", "①②⑦.0.0.1", "[::127.0.0.1]",
    ],
)  # fmt: skip
def test_a_name_of_our_own_addresses_is_refused_before_anything_is_sent(web: Web, image, host):
    image = dataclasses.replace(image, download_ports=(str(web.port),))

    with pytest.raises((errors.BadRequest, errors.StoreError)):
        _bytes(web.url("/", host=host), image)
    assert web.heads == []


def test_only_the_hosts_that_are_named_may_be_asked_when_some_are(web: Web, image):
    image = web.allowed(image, "127.0.0.1")

    with pytest.raises(errors.BadRequest, match=r"not among image\.download_hosts"):
        web_download.check(web.url(host="8.8.8.8"), image)
    with pytest.raises(errors.BadRequest, match=r"not among image\.download_hosts"):
        web_download.check(web.url(host="127.0.0.1.example.org"), image)


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("http://169.254.169.254/", "its port is none of"),
        ("http://localhost:{port}/", "not among"),
        ("http://[::1]:{port}/", "not among"),
        ("file:///etc/passwd", "only http and https"),
        ("//localhost:{port}/", "not among"),
        ("http://127.0.0.1:{port}@localhost:{port}/", "a login"),
        ("gopher://127.0.0.1:{port}/", "only http and https"),
        ("http://127.0.0.1:1/", "its port is none of"),
    ],
)
def test_a_redirect_leads_nowhere_that_could_not_be_asked_at_once(web: Web, image, where, why):
    web.answers["/"] = redirect(where.format(port=web.port))

    with pytest.raises(errors.BadRequest, match=why):
        _bytes(web.url("/"), web.allowed(image))
    assert len(web.heads) == 1


def test_redirects_are_followed_and_not_for_ever(web: Web, image):
    web.answers |= {"/a": redirect("b"), "/b": redirect(web.url("/c")), "/c": page(b"here")}
    web.answers |= {"/round": redirect("/round"), "/nowhere": page(b"", status="302 Found")}

    assert _bytes(web.url("/a"), web.allowed(image)) == b"here"
    for path in ("/round", "/nowhere"):
        with pytest.raises(errors.BadRequest, match="more than 5 redirects"):
            _bytes(web.url(path), web.allowed(image))


def test_the_connection_goes_to_the_address_that_was_looked_at(image, monkeypatch):
    """The name of an attacker's host resolves to another address each time."""
    answers = ["8.8.8.8", "127.0.0.1", "127.0.0.1"]
    connected = []

    def resolved(host, port, **_):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (answers.pop(0), port))]

    def connect(address, *_):
        connected.append(address)
        raise ConnectionRefusedError(111, "refused by the test")

    monkeypatch.setattr(socket, "getaddrinfo", resolved)
    monkeypatch.setattr(socket, "create_connection", connect)

    with pytest.raises(errors.StoreError, match="refused by the test"):
        _bytes("http://rebound.example.org/", image)
    assert connected == [("8.8.8.8", 80)]


def test_the_next_address_of_a_host_is_asked_when_the_first_does_not_answer(
    web: Web, image, monkeypatch
):
    web.answers["/"] = page(b"here")
    found = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", web.port, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", web.port)),
    ]
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo",
        lambda host, *rest, **named: found if host == "both" else resolve(host, *rest, **named),
    )  # fmt: skip

    assert _bytes(web.url(host="both"), web.allowed(image, "both")) == b"here"


def test_a_name_with_one_private_address_among_public_ones_is_refused(image, monkeypatch):
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80))
        for address in ("8.8.8.8", "10.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    with pytest.raises(errors.BadRequest, match="not a public one"):
        _bytes("http://both.example.org/", image)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (page(DATA[:100], length=200), "broke off, 100 bytes early"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nabc", "IncompleteRead"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n", "IncompleteRead"),
        (page(b"x", "Content-Encoding: gzip"), "sends its bytes encoded, as gzip"),
        (page(b"no", status="500 Oh No"), "answered 500 Oh No"),
        (page(b"no", status="204 No Content"), "answered 204"),
        (page(b"no", status="304 Not Modified"), "answered 304"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "BadStatusLine|SSH-2.0"),
        (b"", "Remote end closed"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, "got more than|does not end"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5000, "its head does not end"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + bytes(2 << 20), "its body does not end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"a: b\r\n" * 400_000,
         "its body does not end"),
    ],
)  # fmt: skip
def test_a_server_that_answers_wrongly_is_given_up_with_the_reason(web: Web, image, answer, why):
    web.answers["/"] = answer

    with pytest.raises(errors.StoreError, match=why):
        _bytes(web.url("/"), web.allowed(image))


def test_bytes_after_the_end_are_not_the_images(web: Web, image):
    web.answers["/"] = page(DATA[:100]) + b"and more"

    assert _bytes(web.url("/"), web.allowed(image)) == DATA[:100]


def test_a_body_without_a_length_ends_with_its_connection_or_its_last_chunk(web: Web, image):
    web.answers["/"] = b"HTTP/1.1 200 OK\r\n\r\n" + DATA
    web.answers["/chunks"] = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )

    opened = web_download.open_page(web.url("/"), web.allowed(image))
    assert (opened.size_bytes, b"".join(opened.chunks)) == (None, DATA)
    assert _bytes(web.url("/chunks"), web.allowed(image)) == b"abcde"


def test_what_is_not_there_is_not_found(web: Web, image):
    with pytest.raises(errors.NotFound, match="Image source"):
        _bytes(web.url("/nothing"), web.allowed(image))


def _certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate for `localhost`, which is in `folder/cert.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_over_tls_the_host_has_to_be_who_it_says(image, tmp_path: Path, monkeypatch):
    with Web(_certificate(tmp_path)) as web:
        allowed = web.allowed(image, "localhost", "127.0.0.1")
        web.answers["/"] = page(b"here")

        with pytest.raises(errors.StoreError, match="certificate verify failed"):
            _bytes(web.url(host="localhost"), allowed)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        with pytest.raises(errors.StoreError, match="certificate verify failed"):
            _bytes(web.url(host="127.0.0.1"), allowed)  # the certificate is for the name alone
        assert web.heads == []

        assert _bytes(web.url(host="localhost"), allowed) == b"here"
        assert f"Host: localhost:{web.port}" in web.heads[0]


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc"])
def test_a_server_that_falls_silent_is_left(web: Web, image, head):
    over = threading.Event()

    def silent(connection: socket.socket) -> None:
        connection.sendall(head)
        over.wait(30)

    web.answers["/"] = silent

    with pytest.raises(errors.StoreError, match="timed out"):
        _bytes(web.url("/"), web.allowed(image), patience=HASTY)
    over.set()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n"])
def test_a_server_that_drips_is_left(web: Web, image, head):
    """It would hold a worker for as long as it likes, never silent for long."""

    def drip(connection: socket.socket) -> None:
        connection.sendall(head)
        over = threading.Event()
        while not over.wait(0.02):
            connection.sendall(b"a")  # fails when the other side has left

    web.answers["/"] = drip

    with pytest.raises(errors.StoreError, match=r"only \d+ bytes came in"):
        _bytes(web.url("/"), web.allowed(image), patience=HASTY)


def test_what_has_come_is_passed_on_at_once(web: Web, image):
    """A reader that waits for a whole chunk cannot say in time that it is still at work."""
    over = threading.Event()

    def halting(connection: socket.socket) -> None:
        connection.sendall(page(b"first", length=10))
        over.wait(30)
        connection.sendall(b"later")

    web.answers["/"] = halting
    chunks = web_download.open_page(web.url("/"), web.allowed(image)).chunks

    assert next(chunks) == b"first"
    over.set()
    assert b"".join(chunks) == b"later"
