"""Password hashes: argon2id. The only home of argon2."""

import functools
import threading
from typing import Final

import argon2
import argon2.exceptions

# OWASP's smallest recommended setting: 30 ms and 19 MiB a login; the library's own default takes
# 64 MiB, which on a small box a few logins at once would feel
_HASHER: Final = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
CHARS_MAX: Final = 1024  # Keystone's max_password_length is 4096; nobody types this much
# of 19 MiB each, and each a core's work: more at once only need more memory, and anybody may ask
_AT_ONCE: Final = threading.BoundedSemaphore(4)


def hashed(password: str) -> str:
    """The hash to keep."""
    with _AT_ONCE:
        return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one. Who has none ("") and who is not there (None) is never
    known by one, and refused no faster than for a wrong password.
    """
    if len(password) > CHARS_MAX:
        return False
    expected = password_hash or _of_nobody()
    try:
        with _AT_ONCE:
            _HASHER.verify(expected, password)
    except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
        return False
    return bool(password_hash)


@functools.cache
def _of_nobody() -> str:
    return hashed("nobody has this password")
