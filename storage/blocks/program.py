"""Runs a program of the host: arguments as a list, a deadline, its own words in the error.

Knows nothing of what the programs do; secrets never belong in arguments.
"""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from storage.blocks.errors import BlockError

TIMEOUT_S: Final = 60.0  # LVM on a busy disk takes seconds
WORDS_MAX: Final = 2000


def run(argv: Sequence[str], *, env: Mapping[str, str] | None = None) -> str:
    """Run a program to its end; what it printed.

    Raises BlockError, with the program's own words, when it fails, is missing or takes too long.
    """
    tried = {"command": " ".join(argv)}
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=os.environ | dict(env or {}),
            timeout=TIMEOUT_S,
            check=False,
        )
    except FileNotFoundError as error:
        raise BlockError(f"{argv[0]} is not installed", tried=tried) from error
    except subprocess.TimeoutExpired as error:
        raise BlockError(f"{argv[0]} did not end within {TIMEOUT_S:g} s", tried=tried) from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[:WORDS_MAX]
        raise BlockError(f"{argv[0]} ended with {done.returncode}: {words}", tried=tried)
    return done.stdout


def set_off(argv: Sequence[str], *, folder: Path, log: Path, env: Mapping[str, str]) -> int:
    """Set a program off in a session of its own, in `folder`; it outlives this process.

    What it says goes to `log`, made anew. Returns a descriptor, the caller's to close, that is at
    its end of file when the program has ended. `setsid --fork` makes it nobody's child, so that
    no zombie of it stays with a process that lives long.
    """
    ends, held = os.pipe()
    try:
        said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        with open(said, "wb") as out:  # noqa: PTH123  (a descriptor)
            subprocess.run(
                ["setsid", "--fork", *argv],
                cwd=folder,
                env=os.environ | dict(env),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=(held,),
                timeout=TIMEOUT_S,
                check=True,
            )
    except (OSError, subprocess.SubprocessError) as error:
        os.close(ends)
        raise BlockError(f"{argv[0]} cannot be started: {error}") from error
    finally:
        os.close(held)
    return ends
