"""`MaxResults` and `NextToken`: a token names the place after the last row shown, not a row.

So a page neither drops nor doubles rows when others come and go in between.
"""

import base64
import binascii
from collections.abc import Callable, Iterable
from typing import Any, Final, Protocol, TypeVar

from services.api.ec2 import refusals
from services.api.ec2.actions import Call

RESULTS_MAX: Final = 1000  # of one page, as AWS has it

Place = tuple[str, str]
View = dict[str, Any]


class Row(Protocol):
    """What has a place in a list: newest first."""

    @property
    def id(self) -> str:
        """Ours."""
        ...

    @property
    def created_at(self) -> str:
        """As rows keep a moment."""
        ...


T = TypeVar("T", bound=Row)


def page(
    call: Call, rows: Iterable[T], view: Callable[[T], View], *, ids: str = ""
) -> tuple[list[View], str | None]:
    """The views of the rows on the page asked for, newest first; the next token if there is more.

    `ids` is the member that names single rows, with which there are no pages. Raises Refused.
    """
    limit = _limit(call, ids)
    after = _place_of(call.values.get("NextToken"))
    in_order = sorted(rows, key=_place, reverse=True)
    rest = [row for row in in_order if after is None or _place(row) < after]
    shown = rest[:limit]
    token = _token(_place(shown[-1])) if len(shown) < len(rest) else None
    return [view(row) for row in shown], token


def _limit(call: Call, ids: str) -> int | None:
    limit: int | None = call.values.get("MaxResults")
    if limit is None:
        return None
    if ids and call.values.get(ids):
        raise refusals.Refused(
            "InvalidParameterCombination", f"The parameter {ids} cannot be used with MaxResults"
        )
    if not 1 <= limit <= RESULTS_MAX:
        raise refusals.invalid(limit, "MaxResults", why=f"It is 1 to {RESULTS_MAX}.")
    return limit


def _place(row: Row) -> Place:
    return row.created_at, row.id


def _token(place: Place) -> str:
    return base64.urlsafe_b64encode("/".join(place).encode()).decode()


def _place_of(token: str | None) -> Place | None:
    if not token:
        return None
    try:
        created_at, slash, row_id = base64.urlsafe_b64decode(token).decode().partition("/")
    except (binascii.Error, ValueError) as error:
        raise refusals.invalid(token, "NextToken") from error
    if not slash:
        raise refusals.invalid(token, "NextToken")
    return created_at, row_id
