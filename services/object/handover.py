"""Objects handed over as open files, to processes of this user on this machine.

The image service moves whole disks in and out of the object store. Over HTTP each byte would cross
two more sockets and be summed once more; here the file itself changes hands. A reader is given the
object's file or files, a writer a nameless draft that becomes the object when the writer says what
it holds; one that goes away leaves nothing. Only this user's processes can connect: they could read
the files anyway, and make tokens.

A message is a JSON object, a packet of its own (`storage/images/handover.py` has the other end):

    {"verb": "open", "account", "container", "name", "trace"}
        → {"status": 200, "parts"} + the sums of the files' blocks + the files
    {"verb": "write", …, "hint_bytes"} → {"status": 200} + a file
        {"size_bytes", "etag", "xxh3"} + the sums of its blocks → {"status": 201}

    {"verb": "restore" or "again", "account", "container", "entry", "trace"}
        → {"status": 200, "until", "is_final"}: what an entry of the trash deleted is back, or gone
          again; whether that is for good

A status is HTTP's: 404, 507 when the store is full, 409 for what is not to be had as files, as what
is kept encrypted.
"""

import contextlib
import json
import logging
import os
import re
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from appliance import clock, context, ids, run_sockets, trace
from services.object import bucket as buckets
from services.object import contents, encryption, locks, undoing, versions
from services.object.contents import Segment
from services.object.refusals import Refused
from services.object.trash import Bin
from storage import blobs
from storage.objects import errors as stored
from storage.objects.object_file import ObjectName
from storage.objects.store import ObjectStore
from storage.objects.transfer import Attributes, Download

log = logging.getLogger(__name__)

NAME: Final = "object.handover"  # in the cloud's `run` folder
MESSAGE_BYTES_MAX: Final = 64 << 10
PARTS_MAX: Final = 200  # of one object; the kernel passes at most 253 files with a message
TOGETHER_MAX: Final = 64  # uploads of images at once; who comes then goes by HTTP
IDLE_S: Final = 600.0  # a writer is silent for as long as its own client is
_TRACE: Final = re.compile(r"([\w-]+)/([0-9a-f]{16})")
_Message = dict[str, Any]
_TURNS: Final = {"restore": undoing.restore, "again": undoing.again}


class Handover:
    """The socket and the threads behind it."""

    def __init__(self, store: ObjectStore, run_dir: Path, rubbish: Bin) -> None:
        self._store = store
        self._bin = rubbish
        self._run_dir = run_dir
        self._free = threading.BoundedSemaphore(TOGETHER_MAX)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def start(self) -> None:
        """Listen, and serve in threads until the process ends."""
        run_sockets.bind(self._listener, self._run_dir, NAME)
        self._listener.listen(TOGETHER_MAX)
        threading.Thread(target=self._accept, name="handover", daemon=True).start()

    def _accept(self) -> None:
        while True:
            peer, _ = self._listener.accept()
            if not run_sockets.is_trusted(peer) or not self._free.acquire(blocking=False):
                peer.close()
                continue
            threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        """One conversation: one object."""
        try:
            with peer:
                peer.settimeout(IDLE_S)
                message = _receive(peer)
                context.current.set(_joined(message))
                if message["verb"] in _TURNS:
                    _turn(peer, self._store, self._bin, message)
                else:
                    _answer(peer, self._store, message)
        except (OSError, ValueError, KeyError) as error:
            log.info("a hand-over ended early: %r", error)  # whose process it was says why
        finally:
            self._free.release()


def _answer(peer: socket.socket, store: ObjectStore, message: _Message) -> None:
    name = ObjectName(message["account"], message["container"], message["name"])
    what = f"{message['verb']} {name.container}/{name.name}"
    try:
        with trace.hop("stream", what, source="glance", target="object") as span:
            if message["verb"] == "write":
                span.bytes = _write(peer, store, name, int(message["hint_bytes"]))
            elif message["verb"] == "open":
                span.bytes = _open(peer, store, name)
    except Refused as error:
        _send(peer, {"status": error.status})
    except stored.StoreFull as error:
        _send(peer, {"status": 507, "reason": str(error)})
    except stored.ObjectSealed as error:
        _send(peer, {"status": 409, "reason": str(error)})
    except (stored.NotFound, contents.Broken) as error:
        _send(peer, {"status": 404, "reason": str(error)})
    except stored.StoreError as error:
        _send(peer, {"status": 503, "reason": str(error)})


def _turn(peer: socket.socket, store: ObjectStore, rubbish: Bin, message: _Message) -> None:
    """Bring back what an entry of the trash deleted, or delete it again."""
    account, container, entry = message["account"], message["container"], message["entry"]
    until_s = rubbish.until_s
    rubbish.end(entry)
    try:
        with trace.hop("state", f"{message['verb']} {container}", target="object"):
            turn = _TURNS[message["verb"]]
            is_final = not turn(store, account, container, entry, until_s=until_s)
    except (
        stored.AlreadyThere, stored.ContainerNotEmpty, stored.ContainerNotFound, Refused
    ) as error:  # fmt: skip
        _send(peer, {"status": 409, "reason": _sentence(error)})
    except stored.NotFound as error:
        _send(peer, {"status": 410, "reason": _sentence(error)})
    except stored.StoreError as error:
        _send(peer, {"status": 503, "reason": _sentence(error)})
    else:
        _send(peer, {"status": 200, "until": clock.stamp(until_s), "is_final": is_final})


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _open(peer: socket.socket, store: ObjectStore, name: ObjectName) -> int:
    """Give the files of an object; how many bytes."""
    with contextlib.ExitStack() as opened:
        download = opened.enter_context(store.get_object(name))
        content = contents.describe(store, name, download)
        if encryption.kept(download.record):
            raise Refused(409)
        if len(content.segments) > PARTS_MAX or any(map(_is_odd, content.segments)):
            raise Refused(409)
        files = (
            [download] if not content.is_large else list(_files(opened, store, content.segments))
        )
        parts = [
            {
                "offset": segment.offset, "size_bytes": segment.size_bytes,
                "blocks_bytes": len(file.blocks), "xxh3": file.record.xxh3,
            }
            for segment, file in zip(content.segments, files, strict=True)
        ]  # fmt: skip
        sums = blobs.in_memory(b"".join(file.blocks for file in files))
        opened.callback(os.close, sums)
        said = {"status": 200, "parts": parts}
        socket.send_fds(peer, [json.dumps(said).encode()], [sums, *(file.fd for file in files)])
    return content.size_bytes


def _is_odd(segment: Segment) -> bool:
    """Whether its bytes are no file's: its manifest has them, or it is one itself."""
    return segment.is_manifest or bool(segment.data)


def _files(
    opened: contextlib.ExitStack, store: ObjectStore, segments: "list[Segment] | Any"
) -> Iterator[Download]:
    for segment in segments:
        file = opened.enter_context(store.get_object(segment.name))
        if file.is_decrypted:
            raise Refused(409)
        if segment.etag and segment.etag != file.record.etag:
            raise stored.ObjectDamaged(f"segment {segment.name} is not what the manifest says")
        yield file


def _write(peer: socket.socket, store: ObjectStore, name: ObjectName, hint_bytes: int) -> int:
    """Give a draft, and make it the object when the peer says what it holds; how many bytes.

    Its container is made when it is missing.
    """
    try:
        if encryption.is_default(store.container_metadata(name.account, name.container)):
            raise Refused(409)
        upload = store.put_object(name, size_bytes=hint_bytes)
    except stored.ContainerNotFound:
        store.put_container(name.account, name.container)
        upload = store.put_object(name, size_bytes=hint_bytes)
    with upload:
        socket.send_fds(peer, [json.dumps({"status": 200}).encode()], [upload.draft_fd()])
        said, blocks = _receive_sums(peer)
        upload.adopt(
            int(said["size_bytes"]), etag=str(said["etag"]), xxh3=str(said["xxh3"]), blocks=blocks
        )
        bucket = buckets.find(store, name.account, name.container)
        record = versions.put(
            store, bucket, name.name, upload=upload,
            said=Attributes(metadata=locks.default(bucket)),
            condition=_check_free if bucket.has_locks else None,
        ).record  # fmt: skip
    _send(peer, {"status": 201})
    return record.size_bytes


def _check_free(version: versions.Version | None) -> None:
    """Refuse to replace a locked object."""
    if version is not None:
        locks.check(version.name.container, version.record)


def _joined(message: _Message) -> context.RequestContext:
    """The request that the peer serves with this, for the trace."""
    match = _TRACE.fullmatch(str(message.get("trace", "")))
    fresh = context.RequestContext(user_name="glance", is_system=True)
    if match is None or not ids.is_request_id(match[1]):
        return fresh
    return context.RequestContext(
        request_id=ids.RequestId(match[1]), hop_id=ids.HopId(match[2]), user_name="glance",
        is_system=True,
    )  # fmt: skip


def _receive(peer: socket.socket) -> _Message:
    """The next message. Raises ConnectionResetError when the peer went away."""
    return _decoded(peer.recv(MESSAGE_BYTES_MAX))


def _receive_sums(peer: socket.socket) -> tuple[_Message, bytes]:
    """The next message, and what is in the file that came with it."""
    data, fds, _, _ = socket.recv_fds(peer, MESSAGE_BYTES_MAX, 1)
    message = _decoded(data)
    if not fds:
        raise ValueError("the sums of the blocks are missing")
    with open(fds[0], "rb") as file:  # noqa: PTH123 - a descriptor
        file.seek(0)
        return message, file.read()


def _decoded(data: bytes) -> _Message:
    if not data:
        raise ConnectionResetError("the peer went away")
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("a message is a JSON object")  # noqa: TRY004 - wrong words, no wrong type
    return message


def _send(peer: socket.socket, message: _Message) -> None:
    peer.send(json.dumps(message).encode())
