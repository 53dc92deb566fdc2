"""Disks in formats that no guest of ours boots, made into one that they do, by `qemu-img convert`.

The program reads what a stranger wrote: it runs with limits of memory, time and file size, is told
the format (it never guesses), gets files that were inspected before, and ends with this process.
"""

import contextlib
import os
import re
import resource
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from appliance import config, errors
from services.image import inspection

# Glance's word → QEMU's, of formats that are converted
FORMATS: Final = {"vmdk": "vmdk", "vdi": "vdi", "vhd": "vpc", "vhdx": "vhdx"}
_PERCENT: Final = re.compile(rb"\((\d+(?:\.\d+)?)/100%\)")
_SAID_BYTES_MAX: Final = 2000
_TELL_EVERY_S: Final = 15.0  # also when the program says nothing: whoever hears it keeps a claim
# what a process that used up a limit is ended by
_LIMITS: Final = {signal.SIGXCPU: "time", signal.SIGXFSZ: "file size", signal.SIGKILL: "time"}


def is_due(disk_format: str | None, container_format: str | None, settings: config.Image) -> bool:
    """Whether an image of these formats is imported as another.

    Never one in a container: that is not looked into, and a descriptor that a stranger wrote would
    have the program read any file of the host.
    """
    is_wanted = bool(settings.convert_to) and disk_format in FORMATS
    return is_wanted and inspection.is_the_disk(container_format)


def convert(
    source: Path,
    target: Path,
    *,
    disk_format: str,
    settings: config.Image,
    tell: Callable[[float], None],
) -> None:
    """Write `target` in `settings.convert_to`; `tell` hears how much of it is done, 0 to 1.

    Raises StoreError with what the program said, and whatever `tell` raises when nobody wants the
    image any more; then the program does not run any more and `target` is not there.
    """
    argv = [
        "setpriv", "--pdeathsig", "KILL", "--",  # a killed worker leaves none behind
        "qemu-img", "convert", "-p", "-f", FORMATS[disk_format], "-O", settings.convert_to,
        str(source), str(target),
    ]  # fmt: skip
    try:
        with contextlib.ExitStack() as undo:
            undo.callback(target.unlink, missing_ok=True)
            with _running(argv, settings) as program:
                said = _follow(program, tell, until=time.monotonic() + settings.convert_timeout_s)
                status = program.wait()
            if status:
                raise errors.StoreError(
                    f"qemu-img convert from {disk_format} {_ending(status)}: {said}"
                )
            undo.pop_all()
    except OSError as error:
        raise errors.StoreError(f"qemu-img: {error.strerror or error}") from error


@contextlib.contextmanager
def _running(argv: list[str], settings: config.Image) -> Iterator["subprocess.Popen[bytes]"]:
    """The program, within its limits; killed when it is left before it has ended."""
    program = subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {"MALLOC_ARENA_MAX": "1"},  # one a thread would reserve all it may have
    )  # fmt: skip
    with program:
        try:
            _limit(program.pid, settings)
            yield program
        finally:
            program.kill()  # of one that has ended, nothing


def _limit(pid: int, settings: config.Image) -> None:
    """Bound what the program may use; it has read nothing yet that could make it use much."""
    memory_bytes, seconds = (
        settings.convert_memory_mib << 20,
        max(int(settings.convert_timeout_s), 1),
    )
    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, settings.virtual_size_bytes_max),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.prlimit(pid, kind, (limit, limit))


def _follow(
    program: "subprocess.Popen[bytes]", tell: Callable[[float], None], *, until: float
) -> str:
    """Pass on what `-p` prints, `    (12.34/100%)`, each over the last; what else it says.

    Raises StoreError when it does not end in time.
    """
    assert program.stdout is not None  # noqa: S101  # it is a pipe: said at its start
    said, done = b"", 0.0
    with selectors.DefaultSelector() as waiting:
        waiting.register(program.stdout, selectors.EVENT_READ)
        while (left_s := until - time.monotonic()) > 0:
            if waiting.select(min(left_s, _TELL_EVERY_S)):
                data = os.read(program.stdout.fileno(), 4096)
                if not data:
                    return _PERCENT.sub(b"", said).decode("utf-8", "replace").strip()
                said = (said + data)[-_SAID_BYTES_MAX:]
                done = float((_PERCENT.findall(said) or [0.0])[-1]) / 100
            tell(done)
    raise errors.StoreError("qemu-img did not end within image.convert_timeout_s")


def _ending(status: int) -> str:
    """How it ended: with its own status, or by a signal."""
    if status > 0:
        return f"ended with {status}"
    return f"was ended by its limit of {_LIMITS.get(signal.Signals(-status), 'memory')}"
