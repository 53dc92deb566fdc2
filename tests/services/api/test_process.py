"""The process itself: it starts, reports in, streams, and ends when told, streams and all."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from appliance import config
from appliance.db import connection, services
from tests.cloud import eventually, free_ports
from tests.services.api import clouds

ARGV = [sys.executable, "-m", "services.api"]
DEADLINE_S = 30.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A state folder whose API has a port of its own."""
    (port,) = free_ports(1)
    (tmp_path / "novabox.toml").write_text(f'host = "box1"\n[api]\nport = {port}\n')
    return tmp_path


def _environ(home: Path) -> dict[str, str]:
    return os.environ | {"NOVABOX_HOME": str(home)}


@pytest.fixture
def process(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str, str]]:
    """A bootstrapped API process that answers, its URL, and a token."""
    settings = config.load(home)
    token = clouds.first_start(settings)["demo"]
    with subprocess.Popen(ARGV, env=_environ(home), stderr=subprocess.PIPE) as child:
        eventually(lambda: _answers(settings.api_url), timeout_s=DEADLINE_S, what="it answers")
        yield child, settings.api_url, token
        child.kill()


def _answers(url: str) -> bool:
    try:
        return httpx2.get(f"{url}/healthcheck").status_code == 200
    except httpx2.TransportError:
        return False


def test_the_first_start_prints_nothing_and_may_be_repeated(home):
    for _ in range(2):
        done = subprocess.run(
            [*ARGV, "bootstrap"], env=_environ(home), capture_output=True, timeout=60, check=True
        )
        assert (done.stdout, done.stderr) == (b"", b"")


def test_it_registers_streams_and_ends_with_streams_open(home, process):
    child, url, token = process
    db = connection.open_db(home)
    (service,) = services.all_services(db)
    db.close()
    events = httpx2.stream(
        "GET", f"{url}/novabox/v1/events?kinds=service", headers={"X-Auth-Token": token},
        timeout=DEADLINE_S,
    )  # fmt: skip

    with events as answer:
        lines = answer.iter_lines()
        first = [next(lines) for _ in range(2)]
        child.send_signal(signal.SIGTERM)
        rest = list(lines)

    assert (service.topic, service.pid) == ("api", child.pid)
    assert answer.headers["Content-Type"] == "text/event-stream"
    assert first[1] == "event: snapshot"
    assert rest[0].startswith('data: {"rev":')
    assert child.wait(DEADLINE_S) == 0
