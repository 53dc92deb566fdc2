"""Runs the host's network programs. Knows no shell, and no program by heart."""

import subprocess
from collections.abc import Sequence
from typing import Final

from appliance import errors

_TIMEOUT_S: Final = 30.0  # nft loads 1000 ports in 0.7 s on a busy machine


def run(argv: Sequence[str], *, stdin: str = "", timeout_s: float = _TIMEOUT_S) -> str:
    """Run a program to its end; answer its standard output.

    Raises NetworkError with the program's own words when it fails, is missing or takes too long.
    """
    tried = {"command": " ".join(argv)}
    try:
        done = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=timeout_s, check=False
        )
    except FileNotFoundError as error:
        raise errors.NetworkError(
            f"{argv[0]} is not installed: run `novabox doctor`", tried=tried
        ) from error
    except subprocess.TimeoutExpired as error:
        raise errors.NetworkError(
            f"{argv[0]} did not end within {timeout_s:g} s", tried=tried
        ) from error
    if done.returncode:
        words = (done.stderr or done.stdout).strip()[:2000]
        raise errors.NetworkError(f"{argv[0]} ended {done.returncode}: {words}", tried=tried)
    return done.stdout
