"""Password hashes: argon2id. The only home of argon2."""

import functools
from typing import Final

import argon2
import argon2.exceptions

# OWASP's smallest recommended setting: 30 ms and 19 MiB a login; the library's own default takes
# 64 MiB, which on a small box a few logins at once would feel
_HASHER: Final = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
CHARS_MAX: Final = 1024  # Keystone's max_password_length is 4096; nobody types this much


def hashed(password: str) -> str:
    """The hash to keep."""
    return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one; None (no such user) takes as long as a wrong password."""
    if len(password) > CHARS_MAX:
        return False
    try:
        _HASHER.verify(password_hash or _of_nobody(), password)
    except (argon2.exceptions.VerifyMismatchError, argon2.exceptions.InvalidHashError):
        return False
    return password_hash is not None


@functools.cache
def _of_nobody() -> str:
    return hashed("nobody has this password")
