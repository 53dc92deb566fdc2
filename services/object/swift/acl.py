"""Access lists as text, and what they allow (Swift, common/middleware/acl.py, keystoneauth.py).

A container's is a list of words: `.r:*`, `.r:example.com`, `.r:-bad.example.com`, `.rlistings`,
`project:user`, `project:*`, `*:user`, `*:*`, or a role's name. An account's is JSON: `admin`,
`read-write` and `read-only`, each with a list of such words. It refuses to know who owns what.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import unquote, urlparse

from appliance import context

READ_ONLY: Final = "read-only"
READ_WRITE: Final = "read-write"
ADMIN: Final = "admin"
LISTINGS: Final = ".rlistings"
_REFERRER: Final = ".r:"
_REFERRER_WORDS: Final = frozenset({".r", ".ref", ".referer", ".referrer"})
# Names count only there: elsewhere two projects, or two users, may share one (keystoneauth.py).
_DEFAULT_DOMAIN: Final = "default"


def clean(text: str, *, is_write: bool = False) -> str:
    """Return a container's list in its usual spelling. Raises ValueError with Swift's sentence."""
    words = (word.strip() for word in text.split(","))
    return ",".join(_clean_word(word, is_write=is_write) for word in words if word)


def clean_account(text: str) -> str:
    """Return an account's list in its usual spelling, "" for none. Raises ValueError."""
    found = json.loads(text) if text.strip() else {}
    if not isinstance(found, dict):
        raise ValueError("not an object")  # noqa: TRY004 - one kind of error for what a client sent
    for kind, words in found.items():
        if kind not in (ADMIN, READ_WRITE, READ_ONLY):
            raise ValueError(f"Key {kind!r} not recognized")
        _check_words(kind, words)
    kept = {kind: words for kind, words in found.items() if words}
    return json.dumps(kept, sort_keys=True) if kept else ""


def allows_user(text: str, ctx: context.RequestContext) -> bool:
    """Return whether a container's list names this user, one of their projects or their roles."""
    return bool(ctx.user_id) and _names(_words(text), ctx)


def allows_referrer(text: str, referrer: str, *, is_listing: bool) -> bool:
    """Return whether a container's list lets in who comes from there; the last word counts."""
    words = _words(text)
    if is_listing and LISTINGS not in words:
        return False
    try:
        host = urlparse(referrer).hostname or "unknown"
    except ValueError:
        host = "unknown"
    is_allowed = False
    for word in words:
        if word.startswith(_REFERRER):
            pattern = word.removeprefix(_REFERRER)
            if pattern.startswith("-"):
                is_allowed = is_allowed and not _is_host(host, pattern[1:])
            elif pattern == "*" or _is_host(host, pattern):
                is_allowed = True
    return is_allowed


def account_right(text: str, ctx: context.RequestContext) -> str:
    """Return the most that an account's list gives this user: `admin` … `read-only`, or ""."""
    if not text or not ctx.user_id:
        return ""
    by_kind: dict[str, list[str]] = json.loads(text)
    for kind in (ADMIN, READ_WRITE, READ_ONLY):
        if _names(by_kind.get(kind, ()), ctx):
            return kind
    return ""


def _clean_word(word: str, *, is_write: bool) -> str:
    first, colon, second = (part.strip() for part in word.partition(":"))
    if not colon or not first.startswith("."):
        return word
    if first not in _REFERRER_WORDS:
        raise ValueError(f"Unknown designator {first!r} in ACL: {word!r}")
    if is_write:
        raise ValueError(f"Referrers not allowed in write ACL: {word!r}")
    negation = "-" if second.startswith("-") else ""
    host = second.removeprefix("-").strip()
    if host != "*" and host.startswith("*"):
        host = host[1:].strip()
    if not host or host == ".":
        raise ValueError(f"No host/domain value after referrer designation in ACL: {word!r}")
    return f"{_REFERRER}{negation}{host}"


def _check_words(kind: str, words: Any) -> None:
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"Value for key {kind!r} must be a list of strings")


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _is_host(host: str, pattern: str) -> bool:
    return host == pattern or (pattern.startswith(".") and host.endswith(pattern))


def _names(words: Iterable[str], ctx: context.RequestContext) -> bool:
    projects, users = {"*", ctx.project_id}, {"*", ctx.user_id}
    if ctx.user_domain_id == _DEFAULT_DOMAIN:
        users.add(ctx.user_name)
    if ctx.project_domain_id == _DEFAULT_DOMAIN:
        projects.add(ctx.project_name)
    for word in words:
        project, colon, user = unquote(word).partition(":")
        if colon:
            if project and user and project in projects and user in users:
                return True
        elif word in ctx.roles:
            return True
    return False
