"""Workers' steps on a row that has a state: how one ends, and how one that was cut off goes on.

The columns of it are the same in `instances`, `volumes` and `snapshots`; `claims` has how a step
begins.
"""

from collections.abc import Mapping

from appliance import clock, context, errors, trace
from appliance.db import connection
from appliance.model.instance import Instance
from appliance.model.volume import Snapshot, Volume

Row = Instance | Volume | Snapshot


def advance(
    tx: connection.Transaction,
    noun: str,
    row: Row,
    event: str,
    *,
    was: Mapping[str, object],
    columns: Mapping[str, object],
    before: object,
    after: object,
) -> None:
    """Change `columns` as one compare-and-swap: only where the state's columns are as they were.

    The claim ends with it, and the request that did it is written beside it. The change is one
    state hop, from `before` to `after`; what is rung afterwards is caused by that hop. Raises
    Superseded when somebody else changed the state first.
    """
    request = context.current.get() or context.RequestContext(request_id=row.request_id)
    detail = {noun: row.id, "before": str(before), "after": str(after)}
    with trace.hop("state", event, target="database", **detail) as span:
        values: dict[str, object] = {
            "updated_at": clock.stamp(), "request_id": request.request_id, "hop_id": span.id,
            "claim_owner": None, "claim_expires_at": None, "attempts": 0,
            **columns,
        }  # fmt: skip
        sets = ", ".join(f"{name} = :{name}" for name in values)
        same = " AND ".join(f"{name} IS :was_{name}" for name in was)
        touched = tx.execute(
            f"UPDATE {noun}s SET {sets} WHERE id = :id AND {same}",
            values | {"id": row.id} | {f"was_{name}": value for name, value in was.items()},
        )
        if touched != 1:
            raise errors.Superseded(
                f"{noun} {row.id}: '{event}' came too late: it is not {before} any more"
            )


def resume(row: Row) -> context.RequestContext:
    """The context to go on with a row that a sweep found: its last request's own."""
    return context.RequestContext(
        request_id=row.request_id,
        hop_id=row.hop_id,
        user_id=row.user_id,
        project_id=row.project_id,
    )
