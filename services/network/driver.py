"""What the network service asks of a host, and what it may count on: the driver's contract.

One caller at a time: the manager holds this host's lock while it computes a plan and applies it,
else an older plan could undo a newer one.
"""

from dataclasses import dataclass
from typing import Protocol

from services.network.dnsmasq import Lease
from services.network.plan import HostNetwork, HostPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one `apply` did, a line a thing: `tap nbx-t-1f2e3d4c`, `rules`, `dhcp nbx-b-…`."""

    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.removed)


class NetworkDriver(Protocol):
    """Makes a host's network be what a plan says.

    Nothing whose name lacks our prefix is ever changed. Every verb may be repeated, and may have
    been killed at any instruction before: it looks at the host first and does what is left to do.
    """

    def apply(self, plan: HostPlan) -> Report:
        """Make the host as `plan` says; what is so already is not touched.

        Order: what the plan has no more goes first, guests' devices before their rules; then rules,
        bridges, taps, DHCP: a guest that starts after this call never runs unfiltered. Live
        connections of an address end when a rule, a group, a floating IP or the address itself was
        taken from it; others go on. A fixed IP that moved to another MAC can be leased at once.

        Raises NetworkError with what was tried and why it failed; what was done until then stays,
        is safe (nothing is open that neither the old nor the new plan opens), and the next call
        finishes it.
        """
        ...

    def survey(self) -> HostNetwork:
        """Look at what of ours is on the host now; after `apply(plan)` it is what `plan` says.

        Raises NetworkError when the host cannot be asked.
        """
        ...

    def leases(self) -> tuple[Lease, ...]:
        """The addresses that its DHCP servers have given out, ended ones too."""
        ...

    def clear(self) -> Report:
        """Remove everything of ours, planned or not, and what we keep about it in files.

        Raises NetworkError for the first thing that does not go; the next call goes on.
        """
        ...
