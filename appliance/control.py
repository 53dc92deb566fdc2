"""How the supervisor is asked to restart, stop, start or kill one process: a socket in `run`.

One line of JSON each way. The socket is its owner's alone, and the kernel says who connects: nobody
but root and the user that runs the cloud is answered. It knows no process.
"""

import contextlib
import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from appliance import errors, run_sockets

VERBS: Final = ("restart", "stop", "start", "kill")
_NAME: Final = "supervisor.sock"
_ANSWER_S: Final = 5.0  # the supervisor only sends a signal: it answers at once
_ASK_S: Final = 1.0  # whoever connects and says nothing holds the supervisor up for no longer
_LINE_MAX: Final = 4096
_REFUSALS: Final = {"NotFound": errors.NotFound, "Conflict": errors.Conflict}

Act = Callable[[str, str], dict[str, Any]]  # a verb, a name; raises NotFound, Conflict


class Listener:
    """The supervisor's end."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        run_sockets.bind(self._socket, run_dir, _NAME)
        self._socket.listen(8)
        self._socket.setblocking(False)

    def fileno(self) -> int:
        """For `select`."""
        return self._socket.fileno()

    def answer(self, act: Act) -> None:
        """Answer one who asks, if anybody does."""
        try:
            asking, _ = self._socket.accept()
        except BlockingIOError:
            return
        with asking, contextlib.suppress(OSError):  # whoever asked may be gone
            asking.settimeout(_ASK_S)
            asking.sendall(json.dumps(_answered(asking, act)).encode() + b"\n")

    def close(self) -> None:
        """Nobody can ask any more."""
        self._socket.close()
        (self._run_dir / _NAME).unlink(missing_ok=True)


def ask(run_dir: Path, verb: str, name: str) -> dict[str, Any]:
    """Have the supervisor do it; its answer.

    Raises NotFound and Conflict as it says; Unavailable where nobody answers.
    """
    try:
        with (
            run_sockets.address(run_dir, _NAME) as address,
            socket.socket(socket.AF_UNIX) as asking,
        ):
            asking.settimeout(_ANSWER_S)
            asking.connect(address)
            asking.sendall(json.dumps({"verb": verb, "name": name}).encode() + b"\n")
            document = json.loads(_line(asking))
    except (OSError, ValueError) as error:
        raise errors.Unavailable(f"the supervisor does not answer: {error}") from error
    if "refused" in document:
        kind, *words = document["refused"]
        raise _REFUSALS[kind](*words)
    answer: dict[str, Any] = document["answer"]
    return answer


def _answered(asking: socket.socket, act: Act) -> dict[str, Any]:
    said = _line(asking)
    if not run_sockets.is_trusted(asking):
        return {"refused": ["Conflict", "only root and the cloud's own user may ask"]}
    try:
        document = json.loads(said)
        return {"answer": act(str(document["verb"]), str(document["name"]))}
    except (ValueError, KeyError, TypeError):
        return {"refused": ["Conflict", "one line of JSON with verb and name, please"]}
    except errors.NotFound:
        return {"refused": ["NotFound", "service", str(document["name"])]}
    except errors.Conflict as error:
        return {"refused": ["Conflict", str(error)]}


def _line(asking: socket.socket) -> bytes:
    read = b""
    while not read.endswith(b"\n") and len(read) < _LINE_MAX:
        piece = asking.recv(_LINE_MAX)
        if not piece:
            break
        read += piece
    return read
