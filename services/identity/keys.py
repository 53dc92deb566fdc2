"""The files of keys: those of tokens, which rotate, and those of secrets at rest, which do not.

They are apart so that rotating loses no secret: what EC2's clients sign with, what
`/v3/credentials` keeps, and what the object store encrypts, opens for as long as
`etc/credential-keys` is there, however often the tokens' keys change. What a key seals is for
`sealing`.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from appliance import errors
from services.identity import sealing


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotated:
    """How many keys of tokens there are after a rotation, and how many went."""

    kept: int
    dropped: int


def tokens_path(etc_dir: Path) -> Path:
    """The file that keeps the keys of tokens, one a line, newest first."""
    return etc_dir / "fernet-keys"


def secrets_path(etc_dir: Path) -> Path:
    """The file that keeps the keys of secrets at rest, one a line."""
    return etc_dir / "credential-keys"


def ensure(etc_dir: Path) -> None:
    """Make the first keys unless there are some; whole or not at all, their owner's alone.

    A crash leaves the keys of secrets alone, or both. A cloud that had one file for both keeps what
    its secrets were sealed with.
    """
    etc_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    tokens, secrets = tokens_path(etc_dir), secrets_path(etc_dir)
    if not secrets.exists():
        _write(secrets, tokens.read_text().split() if tokens.exists() else [sealing.new_key()])
    if not tokens.exists():
        _write(tokens, [sealing.new_key()])


def rotate(etc_dir: Path, *, keep: int) -> Rotated:
    """Have a new key for tokens, and of all of them only the `keep` newest.

    Running processes take it up at their next token. A crash leaves the old keys, or the new ones.
    Raises ConfigError before the first start, and for who may not read the file.
    """
    path = tokens_path(etc_dir)
    with _alone(etc_dir):
        known = _read(path)
        wanted = [sealing.new_key(), *known]
        kept = wanted[: max(keep, 1)]
        _write(path, kept)
    return Rotated(kept=len(kept), dropped=len(wanted) - len(kept))


class Keys:
    """The keys in a file, read again when it changes. Raises ConfigError when there are none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._name = str(path)
        self._seen, self._sealer = self._opened()

    def sealer(self) -> sealing.Sealer:
        """Seals and opens with what the file has now."""
        if self._mark() != self._seen:
            self._seen, self._sealer = self._opened()
        return self._sealer

    def _opened(self) -> tuple[tuple[int, int], sealing.Sealer]:
        seen = self._mark()  # before the keys: what is written between is seen the next time
        return seen, sealing.Sealer(_read(self._path))

    def _mark(self) -> tuple[int, int]:
        try:
            found = os.stat(self._name)  # noqa: PTH116 - of every request: half of Path's price
        except OSError as error:
            raise _no_keys(self._path, error) from error
        return found.st_mtime_ns, found.st_ino


def of_secrets(etc_dir: Path) -> sealing.Sealer:
    """What seals secrets at rest. Raises ConfigError when there are no keys yet."""
    return sealing.Sealer(_read(secrets_path(etc_dir)))


def _read(path: Path) -> list[str]:
    try:
        keys = path.read_text().split()
    except OSError as error:
        raise _no_keys(path, error) from error
    if not keys or not all(map(sealing.is_key, keys)):
        raise errors.ConfigError(f"{path}: a line in it is no key; restore it from a backup")
    return keys


def _write(path: Path, keys: list[str]) -> None:
    """Whole or not at all, on the disk when this returns, and its owner's who had it before."""
    fresh = path.with_suffix(".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
        if path.exists() and os.geteuid() == 0:  # of the services' user, where units run them
            os.fchown(out.fileno(), path.stat().st_uid, path.stat().st_gid)
        out.write("".join(f"{key}\n" for key in keys))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the new name is durable too
    finally:
        os.close(folder)


@contextlib.contextmanager
def _alone(etc_dir: Path) -> Iterator[None]:
    """Nobody else rotates meanwhile: of two at once one would lose the other's new key."""
    try:
        folder = os.open(etc_dir, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise _no_keys(etc_dir, error) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _no_keys(path: Path, error: OSError) -> errors.ConfigError:
    if isinstance(error, PermissionError):
        return errors.ConfigError(f"{path}: its keys are for root to read: run it with sudo")
    return errors.ConfigError(
        f"{path}: no keys ({error.strerror}); `novabox up` makes them at its first start"
    )
