"""What an action of EC2 is here: a function of a Call to the values of its answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from appliance import context
from services.api.ec2 import refusals, shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. `values` are by botocore's names (`InstanceIds`); what was not sent is absent.

    Integers, booleans, numbers are what they are; a blob is bytes, a timestamp a datetime.
    """

    ctx: context.RequestContext
    action: str
    values: Mapping[str, Any]

    def refuse(self, *names: str) -> None:
        """Raise Refused when one of these is asked for: what would be ignored is said instead."""
        for name in names:
            if self.values.get(name):
                raise refusals.Refused(
                    "UnsupportedOperation",
                    f"{self.action} with {asked(self.action, name)} is not supported here.",
                )


# the values of an answer, by botocore's names; {} is EC2's `return` true
Action = Callable[[Call], Mapping[str, Any]]


def asked(action: str, name: str) -> str:
    """How a request spells the member `name`: `InstanceIds` is sent as `InstanceId`."""
    table = shapes.table()
    return table.structures[table.operations[action][0]].members[name].asked
