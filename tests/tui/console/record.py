"""`python -m tests.tui.console.record`: record real programs in a pty, 80 by 24, into casts/.

Each step types keys, waits until the program is quiet, and leaves a marker: the screens at the
markers are what the golden files hold. Run by hand, where the programs are; the casts are kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tui.console import cast

CASTS = Path(__file__).parent / "casts"
COLUMNS, ROWS = 80, 24
QUIET_S = 0.5
TEXT = "\n".join(
    f"{n:3} the quick brown fox jumps over the lazy dog {'=' * (n % 30)}" for n in range(1, 120)
)
CODE = '''"""A module."""


def greet(name: str) -> str:
    """Return a greeting."""
    return f"hello, {name}"  # żółć, 漢字


class Box:
    width = 80
'''
Step = tuple[str, bytes]
SESSIONS: dict[str, tuple[Sequence[str], str, Sequence[Step]]] = {
    "vim": (
        (
            "vim",
            "-u",
            "NONE",
            "-N",
            "--cmd",
            "syntax on | set ruler background=dark | filetype on",
            "code.py",
        ),
        "xterm-256color",
        [
            ("opened", b""),
            ("inserted", b"Gowords = [1, 2, 3]\x1b"),
            ("searched", b"/def\r"),
            ("split", b":split\r\x17j:set number\r"),
            ("completed", b"ggOimport sys\x1b:vsplit\r"),
            ("left", b":qa!\r"),
        ],
    ),
    "vim-vt220": (
        ("vim", "-u", "NONE", "-N", "text.txt"),
        "vt220",
        [
            ("opened", b""),
            ("paged", b"\x06\x06"),
            ("deleted", b"5dd10Gcwcat\x1b"),
            ("joined", b"JJ"),
            ("left", b":q!\r"),
        ],
    ),
    "less": (
        ("less", "text.txt"),
        "xterm-256color",
        [
            ("opened", b""),
            ("paged", b" "),
            ("searched", b"/dog ====\r"),
            ("back", b"kkkkk"),
            ("end", b"G"),
            ("helped", b"h"),
            ("left", b"qq"),
        ],
    ),
    "top": (
        ("unshare", "-pf", "--mount-proc", "sh", "-c", "sleep 99 & sleep 98 & exec top -d 60"),
        "xterm-256color",
        [
            ("opened", b""),
            ("cores", b"1"),
            ("coloured", b"z"),
            ("helped", b"h"),
            ("left", b"qq"),
        ],
    ),
    "busybox-vi": (
        ("busybox", "vi", "text.txt"),
        "vt100",
        [
            ("opened", b""),
            ("moved", b"\x04\x04jjj"),
            ("edited", b"ihello \x1b3dd"),
            ("end", b"G"),
            ("left", b":q!\r"),
        ],
    ),
    "shell": (
        ("busybox", "sh"),
        "linux",
        [
            ("prompt", b""),
            ("coloured", b"busybox ls -la --color=always\n"),
            ("edited", b"echo one two three\x01\x1b[C\x1b[C\x1b[C\x1b[C\x0b#\n"),
            ("wrapped", b"echo " + b"0123456789" * 12 + b"\n"),
            ("cleared", b"clear\n"),
            ("left", b"exit\n"),
        ],
    ),
    "readline": (
        ("bash", "--norc", "--noprofile", "-i"),
        "xterm-256color",
        [
            ("prompt", b""),
            ("completed", b"ls te\t\n"),
            ("searched", b"\x12ls\x1b"),
            (
                "boxes",
                b"\x15printf '\\e(0lqqqk\\e(B\\n\\e(0x\\e(B A \\e(0x\\e(B\\n\\e(0mqqqj\\e(B\\n'\n",
            ),
            ("left", b"exit\n"),
        ],
    ),
}


def main(wanted: Sequence[str]) -> int:
    """Record the named sessions, or all."""
    for name in wanted or SESSIONS:
        command, term, steps = SESSIONS[name]
        if shutil.which(command[0]) is None:
            print(f"{name}: there is no {command[0]} here")
            continue
        path = CASTS / f"{name}.cast"
        path.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="cast-") as folder:
            _play(command, steps, term=term, folder=Path(folder), path=path)
        print(f"{name}: {path.stat().st_size} bytes")
    return 0


def _play(
    command: Sequence[str], steps: Sequence[Step], *, term: str, folder: Path, path: Path
) -> None:
    (folder / "text.txt").write_text(TEXT + "\n")
    (folder / "code.py").write_text(CODE)
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environ = {
            "PATH": os.environ["PATH"],
            "TERM": term,
            "HOME": str(folder),
            "LC_ALL": "C.UTF-8",
            "PS1": "$ ",
        }
        os.execvpe(command[0], list(command), environ)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    header = cast.Header(columns=COLUMNS, rows=ROWS, title=" ".join(command))
    recorder = cast.Recorder(path, header, now_s=time.time)
    try:
        for label, typed in steps:
            os.write(master, typed)
            _hear(master, recorder.output)
            recorder.mark(label)
    finally:
        recorder.close()
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(master)


def _hear(master: int, take: Callable[[bytes], None]) -> None:
    while select.select([master], [], [], QUIET_S)[0]:
        try:
            data = os.read(master, 65536)
        except OSError:  # the program ended
            return
        take(data)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
