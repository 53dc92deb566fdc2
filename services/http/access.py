"""Whether the access rules of an application credential let a request through.

A rule names a service by its type in the catalog, a method, and a path with wildcards: `*` or
`{name}` is one segment, `**` is anything (keystonemiddleware, auth_token/__init__.py). Who the
caller is was found before; what its roles allow is asked after.
"""

from collections.abc import Callable, Iterable
from typing import Final

from appliance import context, errors
from appliance.model.access_rule import AccessRule
from services.http.endpoint import Face

PATH_CHARS_MAX: Final = 4096  # matching a path takes its length times the rule's
_VALIDATE: Final = ("/identity", "GET", "/v3/auth/tokens")  # a token may always be looked at
_SEGMENT: Final = object()
_ANYTHING: Final = object()
_Tokens = list[object]  # letters, and the two wildcards


def checked(
    login: Callable[[str], context.RequestContext], face: Face, *, method: str, path: str
) -> Callable[[str], context.RequestContext]:
    """`login`, for one request: it raises Unauthorized too for what no access rule lets through."""

    def checking(token: str) -> context.RequestContext:
        ctx = login(token)
        if ctx.access_rules is None:
            return ctx
        below = path.removeprefix(face.prefix)
        is_allowed = (
            (face.prefix, method, below) == _VALIDATE
            # clients write a path as the service sees it, and some with what stands before it
            or any(_allows(rule, face, method, (below, path)) for rule in ctx.access_rules)
        )
        if not is_allowed:
            raise errors.Unauthorized(
                f"No access rule of the application credential allows {method} {path[:200]}."
            )
        return ctx

    return checking


def _allows(rule: AccessRule, face: Face, method: str, paths: Iterable[str]) -> bool:
    if rule.service not in face.service_types or rule.method != method:
        return False
    tokens = _tokens(rule.path)
    return any(_matches(tokens, path) for path in paths)


def _tokens(pattern: str) -> _Tokens:
    """The letters and wildcards of a rule's path."""
    found, place = _Tokens(), 0
    while place < len(pattern):
        end = pattern.find("}", place) if pattern[place] == "{" else -1
        if pattern.startswith("**", place):
            if not found or found[-1] is not _ANYTHING:
                found.append(_ANYTHING)
            place += 2
        elif pattern[place] == "*" or end > 0:
            found.append(_SEGMENT)
            place = max(place, end) + 1
        else:
            found.append(pattern[place])
            place += 1
    return found


def _matches(tokens: _Tokens, path: str) -> bool:
    """Whether all of the path is as the tokens say: every way of reading it at once, never back.

    A regular expression of somebody's making could keep a thread for hours.
    """
    if len(path) > PATH_CHARS_MAX:
        return False
    read = _skipped(tokens, {0})  # how many tokens may have been read so far
    for letter in path:
        after = set[int]()
        for count in read:
            if count and (
                tokens[count - 1] is _ANYTHING or (tokens[count - 1] is _SEGMENT and letter != "/")
            ):
                after.add(count)
            if count < len(tokens) and (
                tokens[count] == letter or (tokens[count] is _SEGMENT and letter != "/")
            ):
                after.add(count + 1)
        read = _skipped(tokens, after)
        if not read:
            return False
    return len(tokens) in read


def _skipped(tokens: _Tokens, read: set[int]) -> set[int]:
    """And with the wildcards that follow standing for nothing."""
    more = {count + 1 for count in read if count < len(tokens) and tokens[count] is _ANYTHING}
    return read | more
