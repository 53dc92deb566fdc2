"""The name and password with which this host's guests log in to an export: derived, never stored.

Each attachment has a password of its own, made from the cloud's key and the attachment's id. Both
workers that need it can make it, and no row, message, file or log holds it.
"""

import base64
import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from appliance import config

_CHARS: Final = 16  # RFC 7143 asks for 12 bytes or more; some initiators take no more than 16


def initiator(host: str) -> str:
    """The iSCSI name of a host's guests."""
    return f"iqn.2010-10.org.novabox:host:{host}"


def username(attachment_id: str) -> str:
    """The CHAP user of one attachment."""
    return f"nbx-{attachment_id[:8]}"


def password(settings: config.Settings, attachment_id: str) -> str:
    """The CHAP password of one attachment. The cloud's key is made when there is none yet."""
    digest = hmac.digest(_key(settings.etc_dir / "volume-key"), attachment_id.encode(), "sha256")
    return base64.b32encode(digest).decode()[:_CHARS].lower()


def _key(path: Path) -> bytes:
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(secrets.token_bytes(32))
            out.flush()
            os.fsync(out.fileno())
        try:
            os.link(fresh, path)  # the first one stays, whoever else makes one now
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_bytes()
