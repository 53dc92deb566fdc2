"""Over a real socket: cut uploads are noticed, and SIGTERM lets an upload finish."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator

import pytest

PROGRAM = textwrap.dedent(
    """
    import sys
    from appliance import context
    from services.http import answer, app, endpoint, faults, server

    def upload(request):
        print("BEGIN", flush=True)
        try:
            return {"size": len(request.content.read())}
        except Exception as error:
            print("CUT", error, flush=True)
            raise

    def parts(request):
        yield b"x" * 1000
        raise OSError("the disk went away")

    face = endpoint.Face(prefix="", fault=faults.nova, paths=(
        endpoint.path("/up", PUT=endpoint.endpoint(upload, streams=True, is_public=True)),
        endpoint.path("/down", GET=endpoint.endpoint(parts, is_public=True)),
    ))
    application = app.Application([face], login=lambda token: context.RequestContext(),
                                  target="api", limits=answer.Limits(idle_s=float(sys.argv[2])))
    server.serve(application, address="127.0.0.1", port=int(sys.argv[1]))
    print("END", flush=True)
    """
)


@pytest.fixture
def served(request: pytest.FixtureRequest) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server that gives up an upload after 20 s of silence, or after the parameter."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(port), str(getattr(request, "param", 20.0))],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            break
        except OSError:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
    yield process, port
    process.kill()
    process.communicate()


def _sent(port: int, text: bytes) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.settimeout(20)
    client.sendall(text)
    return client


@pytest.mark.parametrize(
    ("begin", "said"),
    [
        (b"Content-Length: 100\r\n\r\nhello", "after 5 of 100 bytes"),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "after 5 bytes"),
    ],
)
def test_an_upload_that_is_cut_off_is_an_error_for_its_handler(served, begin, said):
    process, port = served

    _sent(port, b"PUT /up HTTP/1.1\r\nHost: x\r\n" + begin).close()

    assert process.stdout.readline() == "BEGIN\n"
    assert f"CUT the client went away {said}\n" == process.stdout.readline()


@pytest.mark.parametrize("served", [1.0], indirect=True)
def test_an_upload_that_falls_silent_is_answered_and_given_up(served):
    _, port = served

    client = _sent(port, b"PUT /up HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhello")

    assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
    client.close()


def test_a_term_signal_lets_an_upload_finish(served):
    process, port = served
    client = _sent(port, b"PUT /up HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel")
    assert process.stdout.readline() == "BEGIN\n"

    os.kill(process.pid, signal.SIGTERM)
    _refuses_new(port)
    client.sendall(b"lo")

    assert client.recv(4096).endswith(b'{"size":5}')
    client.close()
    assert process.stdout.readline() == "END\n"
    assert process.wait(20) == 0


def test_a_stream_that_fails_half_way_looks_cut_off_to_the_client(served):
    _, port = served
    client = _sent(port, b"GET /down HTTP/1.1\r\nHost: x\r\n\r\n")

    answered = b"".join(iter(lambda: client.recv(65536), b""))

    assert answered.endswith(b"x\r\n")  # a whole chunk, and no last chunk of size 0
    client.close()


def _refuses_new(port: int) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            return
        except ConnectionResetError:  # it came between: it was not taken, and the next is refused
            continue
        time.sleep(0.02)
    pytest.fail("the server still takes connections")


def test_a_port_that_is_taken_is_not_shared(served):
    _, port = served

    second = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(port), "20"], capture_output=True, text=True, timeout=30
    )

    assert second.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}" in second.stderr
