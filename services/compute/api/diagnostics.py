"""What a guest has used since it started: counters, asked of its host at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from appliance import context, errors, inquiry, policy
from appliance.db import connection, instances
from appliance.model.instance import Instance
from appliance.model.states import VmState

Counters = dict[str, Any]  # as services/compute/answers.py tells them: `guest.Usage`


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostics:
    """The verb; may be used by many threads."""

    run_dir: Path
    db: connection.Reader

    def counters(self, ctx: context.RequestContext, instance_id: str) -> Counters:
        """Counters of one guest. Raises NotFound, Conflict when it is not on, Unavailable."""
        policy.check(ctx, "os_compute_api:os-server-diagnostics")
        row = instances.get_visible(self.db, instance_id, ctx)
        if row.vm_state is not VmState.ACTIVE or row.host is None:
            raise _is_off(row)
        found = inquiry.ask(self.run_dir, f"compute.{row.host}", "usage", row.id)
        if row.id not in found:
            raise _is_off(row)
        return dict(found[row.id])


def _is_off(row: Instance) -> errors.Conflict:
    """As Nova says it."""
    return errors.Conflict(
        f"Cannot 'get_diagnostics' instance {row.id} while it is in vm_state {row.vm_state}"
    )
