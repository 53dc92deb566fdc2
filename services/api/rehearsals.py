"""A verb rehearsed: called as it is, up to its commit, which is taken back. No message is rung.

What it checks it checks for real (policy, states, quota), and what it wrote can be looked at.
"""

from collections.abc import Callable, Sequence

from appliance import context, errors
from appliance.db import changes, connection
from appliance.db.changes import Change

First = Callable[[connection.Transaction], object]
Last = Callable[[connection.Transaction, Sequence[Change]], object]


def _nothing(*_: object) -> None:
    """What looks at nothing."""


def rehearse(
    act: Callable[[], object], *, first: First = _nothing, last: Last = _nothing
) -> errors.NovaboxError | None:
    """Call `act` in a rehearsal; why it was refused, None when nothing speaks against it.

    `first` sees its transaction before anything is written, `last` with all that was, and the
    objects that were touched. It leaves no hop either: nothing of it happened.
    """
    since = 0

    def opened(tx: connection.Transaction) -> None:
        nonlocal since
        since = changes.revision(tx)
        first(tx)

    def written(tx: connection.Transaction) -> None:
        last(tx, changes.after(tx, since))

    token = context.current.set(None)
    try:
        with connection.rehearsal(first=opened, last=written):
            act()
    except connection.Rehearsed:
        return None
    except errors.NovaboxError as refused:
        return refused
    finally:
        context.current.reset(token)
    return None
