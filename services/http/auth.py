"""Who asks: a token in `X-Auth-Token` becomes a request context; a trace in a header is joined.

It refuses to know what a token looks like: whoever assembles the application gives a `Login`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from appliance import context, errors, ids, trace

TOKEN_HEADER: Final = "x-auth-token"  # noqa: S105  # the header's name

Login = Callable[[str], context.RequestContext]  # a token's user; raises Unauthorized

_HOP: Final = re.compile(r"[0-9a-f]{16}")


def login(headers: Mapping[str, str], resolve: Login) -> context.RequestContext:
    """The user whose token is in `headers`. Raises Unauthorized."""
    token = headers.get(TOKEN_HEADER) or headers.get("x-storage-token")
    if not token:
        raise errors.Unauthorized("The request you have made requires authentication.")
    return resolve(token)


def visitor(headers: Mapping[str, str], resolve: Login) -> context.RequestContext:
    """The user whose token is in `headers`; without one, or with one that is no good, nobody."""
    try:
        return login(headers, resolve)
    except errors.Unauthorized:
        return context.RequestContext()


def joined(
    headers: Mapping[str, str], resolve: Login, fresh: context.RequestContext
) -> context.RequestContext:
    """The context of the request that one of our workers serves with this one, or `fresh`.

    Only a token with role `service` is believed: others cannot write into somebody's trace.
    """
    request_id, _, hop_id = headers.get(trace.HEADER, "").partition("/")
    if not (ids.is_request_id(request_id) and _HOP.fullmatch(hop_id)):
        return fresh
    try:
        caller = login(headers, resolve)
    except errors.NovaboxError:
        return fresh  # the endpoint answers it in its API's own form
    if not caller.is_service:
        return fresh
    return replace(
        fresh, request_id=ids.RequestId(request_id), hop_id=ids.HopId(hop_id),
        user_name=caller.user_name,
    )  # fmt: skip
