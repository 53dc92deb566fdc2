"""The key pair: its public half in the cloud, its private half in a file, and that they fit."""

from __future__ import annotations

import asyncio
import contextlib
import os
from pathlib import Path

from tui.client import openstack, verbs
from tui.client.session import Session
from tui.demo.failure import DemoFailed

NAME = "test"


async def ensure(session: Session, folder: Path) -> tuple[Path, str]:
    """Return the private key's file and what was done.

    A pair whose halves do not fit, or of which one is missing, is made anew.
    """
    path = folder / f"{NAME}.pem"
    known = await session.fetch(verbs.compute.key_pairs(), openstack.key_pairs)
    ours = [pair for pair in known if pair.name == NAME]
    if ours and path.is_file() and await _public_half(path) == _bare(ours[0].public_key):
        return path, f"there already, {path}"
    if ours:
        await session.send(verbs.compute.delete_key_pair(NAME))
    pair = await session.fetch(verbs.compute.create_key_pair(NAME), openstack.key_pair)
    if not pair.private_key:
        raise DemoFailed(f"key pair {NAME}: the answer holds no private key")
    _write(path, pair.private_key)
    return path, f"{'made anew' if ours else 'made'}, {path}"


async def _public_half(path: Path) -> str:
    """Return type and key of what belongs to a private key; empty when it is unreadable."""
    try:
        process = await asyncio.create_subprocess_exec(
            "ssh-keygen", "-y", "-P", "", "-f", str(path),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise DemoFailed("ssh-keygen is not there: install openssh-client") from error
    output, _ = await asyncio.wait_for(process.communicate(), 10.0)
    return _bare(output.decode())


def _bare(public_key: str) -> str:
    """Return type and key without the comment."""
    return " ".join(public_key.split()[:2])


def _write(path: Path, private_key: str) -> None:
    """Write so that nobody else can ever read it, and whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    with contextlib.suppress(FileNotFoundError):
        new.unlink()
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(private_key if private_key.endswith("\n") else f"{private_key}\n")
    new.rename(path)
