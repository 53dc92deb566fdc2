"""Unix sockets of a cloud's `run` folder: found below any folder, by the own user alone."""

import contextlib
import socket
import stat
from pathlib import Path

import pytest

from appliance import run_sockets


@pytest.fixture
def listening() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def _asking(run_dir: Path) -> socket.socket:
    asking = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with run_sockets.address(run_dir, "one") as path:
        asking.connect(path)
    return asking


def test_a_socket_is_found_below_a_folder_too_long_for_its_path(
    tmp_path: Path, listening: socket.socket
) -> None:
    run_dir = tmp_path / ("long" * 30) / "run"
    with listening:
        run_sockets.bind(listening, run_dir, "one")
        listening.listen()
        with _asking(run_dir) as asking, listening.accept()[0] as peer:
            assert run_sockets.is_trusted(peer)
            peer.sendall(b"here")
            assert asking.recv(4) == b"here"


def test_nobody_else_may_ask_and_only_who_listens_answers(
    tmp_path: Path, listening: socket.socket
) -> None:
    with listening:
        run_sockets.bind(listening, tmp_path, "one")
        assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o600
        with (
            socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking,
            run_sockets.address(tmp_path, "one") as path,
            pytest.raises(ConnectionRefusedError),
        ):
            asking.connect(path)


def test_the_newest_of_a_name_is_asked(tmp_path: Path, listening: socket.socket) -> None:
    with contextlib.ExitStack() as left:
        run_sockets.bind(left.enter_context(listening), tmp_path, "one")
        newer = left.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
        run_sockets.bind(newer, tmp_path, "one")
        newer.listen()
        left.enter_context(_asking(tmp_path))
        left.enter_context(newer.accept()[0])
