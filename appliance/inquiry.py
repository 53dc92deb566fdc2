"""Questions about a host, asked of the worker that may touch it, and answered at once.

A worker answers on a Unix socket in the cloud's `run` folder, from a thread that waits in the
kernel: looking costs nothing while nobody looks. It is not the queue: a question is no step, leaves
no message and no hop, and is answered while the topic is paused and its steps take long. Nothing
may be changed by one. JSON on a line, both ways; never a secret.
"""

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from appliance import errors, run_sockets

log = logging.getLogger(__name__)

Answers = Mapping[str, Callable[[str], Any]]  # by question: of an object's id ("": of all)

TIMEOUT_S: Final = 3.0  # a person waits for it
_QUESTION_BYTES_MAX: Final = 16 << 10  # an object's name has 1024 bytes, six times that in JSON
_ANSWER_BYTES_MAX: Final = 32 << 20  # some thousand guests; what is longer is cut, and no answer
_WAITING_MAX: Final = 16
_SUFFIX: Final = ".ask"


class Server:
    """What answers; it goes on until the process ends or it is closed."""

    def __init__(self, listening: socket.socket, answers: Answers) -> None:
        self._listening = listening
        self._answers = answers
        threading.Thread(target=self._run, name="inquiries", daemon=True).start()

    def close(self) -> None:
        """Answer no more."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes the thread, which closes it

    def _run(self) -> None:
        with self._listening:
            while True:
                try:
                    connection, _ = self._listening.accept()
                except OSError:  # closed
                    return
                with contextlib.closing(connection), contextlib.suppress(OSError):  # who asked left
                    connection.settimeout(TIMEOUT_S)
                    said = _read(connection, _QUESTION_BYTES_MAX)
                    connection.sendall(_line(_answer(said, self._answers)))


def serve(run_dir: Path, topic: str, answers: Answers) -> Server:
    """Answer from now on, in a thread of its own; of one topic the newest server is asked."""
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    run_sockets.bind(listening, run_dir, topic + _SUFFIX)
    listening.listen(_WAITING_MAX)
    return Server(listening, answers)


def ask(
    run_dir: Path, topic: str, question: str, object_id: str = "", *, timeout_s: float = TIMEOUT_S
) -> Any:
    """What `topic`'s worker answers. Raises Unavailable when it does not, with the reason."""
    what = f"{topic} did not answer {question} {object_id}".rstrip()
    try:
        with contextlib.closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as connection:
            connection.settimeout(timeout_s)
            with run_sockets.address(run_dir, topic + _SUFFIX) as address:
                connection.connect(address)
            connection.sendall(_line([question, object_id]))
            said = _read(connection, _ANSWER_BYTES_MAX)
        answer = json.loads(said)
    except (OSError, ValueError) as error:
        raise errors.Unavailable(f"{what}: {error}") from error
    if "error" in answer:
        raise errors.Unavailable(f"{what}: {answer['error']}")
    return answer["value"]


def _answer(said: bytes, answers: Answers) -> dict[str, Any]:
    """The worker's outermost frame for questions: a failure goes to who asked."""
    try:
        question, object_id = json.loads(said)
        return {"value": answers[question](object_id)}
    except errors.NovaboxError as error:
        return {"error": str(error)}
    except Exception as error:  # the outermost frame
        log.exception("an inquiry failed: %r", said[:_QUESTION_BYTES_MAX])
        return {"error": f"{type(error).__name__}: {error}"}


def _line(document: Any) -> bytes:
    return json.dumps(document).encode() + b"\n"


def _read(connection: socket.socket, bytes_max: int) -> bytes:
    """One line, or what there is of it."""
    said = bytearray()
    while not said.endswith(b"\n") and len(said) < bytes_max:
        piece = connection.recv(1 << 16)
        if not piece:
            break
        said += piece
    return bytes(said)
