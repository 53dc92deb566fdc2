"""The program: what it refuses to serve, TLS by its own certificate, and an end that cleans up."""

from __future__ import annotations

import os
import re
import signal
import ssl
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import certificates
from tests.tui.serve.served import is_confinable
from tui.serve import __main__ as entry

NOWHERE = "http://127.0.0.1:1/identity/v3"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "which cloud"),
        (["--auth-url", NOWHERE, "--host", "0.0.0.0"], "beyond this machine"),
        (["--auth-url", NOWHERE, "--tls-key", "x"], "--tls-key needs --tls-cert"),
        (["--auth-url", NOWHERE, "--tls-cert", "/nonexistent"], "/nonexistent"),
        (["--auth-url", NOWHERE, "--tls-cert", "x", "--tls-self-made"], "choose one"),
        (["--cloud", "nowhere"], "clouds.yaml"),
    ],
)
def test_what_is_unsafe_or_unclear_is_refused_in_words(
    arguments: list[str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    monkeypatch.delenv("OS_AUTH_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert (
        entry.main([*arguments, *(["--same-user"] if "--same-user" not in arguments else [])]) == 2
    )
    assert reason in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() != 0, reason="root is missing")
@pytest.mark.skipif(is_confinable(), reason="others can read this Python")
def test_root_is_not_served_by_accident(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["--auth-url", NOWHERE]) == 2
    assert "--same-user" in capsys.readouterr().err


@contextmanager
def running(*arguments: str, home: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the program on a free port; gives it with its URL."""
    program = subprocess.Popen(
        [sys.executable, "-m", "tui.serve", "--port", "0", "--auth-url", NOWHERE, "--same-user",
         *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"XDG_STATE_HOME": str(home), "TMPDIR": str(home)},
    )  # fmt: skip
    try:
        assert program.stdout
        said = ""
        while "serving " not in said:
            line = program.stdout.readline()
            assert line, program.stderr and program.stderr.read()
            said += line
        yield program, said
    finally:
        if program.poll() is None:
            program.kill()
        program.communicate(timeout=20)


def test_it_makes_a_certificate_that_a_client_can_trust_and_leaves_nothing_behind(
    tmp_path: Path,
) -> None:
    with running("--tls-self-made", home=tmp_path) as (program, said):
        found = re.search(r"serving (https://127\.0\.0\.1:\d+)", said)
        assert found
        assert re.search(r"SHA-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}", said)
        trusting = ssl.create_default_context(cafile=tmp_path / "novabox" / "serve.pem")
        with urllib.request.urlopen(f"{found[1]}/login", context=trusting, timeout=20) as answer:
            assert b'name="password"' in answer.read()
        program.send_signal(signal.SIGINT)
        assert program.wait(20) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["novabox"]


def test_it_serves_with_a_given_certificate(tmp_path: Path) -> None:
    path = certificates.of_localhost(tmp_path)
    with running("--tls-cert", str(path), "--host", "localhost", home=tmp_path) as (program, said):
        found = re.search(r"serving https://localhost:(\d+)", said)
        assert found
        trusting = ssl.create_default_context(cafile=path)
        url = f"https://localhost:{found[1]}/"
        with urllib.request.urlopen(url, context=trusting, timeout=20) as answer:
            assert answer.url.endswith("/login")
        program.send_signal(signal.SIGTERM)
        assert program.wait(20) == 0


def test_a_taken_port_is_said_in_words(tmp_path: Path) -> None:
    with running(home=tmp_path) as (_, said):
        found = re.search(r":(\d+) ", said)
        assert found
        done = subprocess.run(
            [sys.executable, "-m", "tui.serve", "--port", found[1], "--auth-url", NOWHERE,
             "--same-user"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert "address already in use" in done.stderr
