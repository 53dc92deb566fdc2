"""Who picks among the hosts that the filters left: simple, chance, zone, or a class of one's own.

Source: Nova 2010.1, scheduler/{simple,chance,zone}.py.
"""

import importlib
import random
from collections.abc import Sequence
from typing import Protocol

from appliance import errors
from appliance.model.host import Host
from services.scheduler.filters import Request


class Chooser(Protocol):
    """Picks one host. Made once, without arguments, when the scheduler starts."""

    def choose(self, hosts: Sequence[Host], request: Request) -> Host:
        """One of `hosts`, which is never empty; every one of them has room for `request`."""
        ...


class Simple:
    """The least loaded: the smallest share of memory taken, then of CPUs, then the name."""

    def choose(self, hosts: Sequence[Host], request: Request) -> Host:
        """The host with the smallest share of memory taken."""
        return min(hosts, key=_load)


class Chance:
    """Any of them, at random."""

    def choose(self, hosts: Sequence[Host], request: Request) -> Host:
        """A random host."""
        return random.choice(hosts)  # noqa: S311 - placement is no secret


class Zone:
    """At random within one zone: the one asked for, else the zone with most memory free."""

    def choose(self, hosts: Sequence[Host], request: Request) -> Host:
        """A random host of that zone."""
        zone = request.zone or max(hosts, key=lambda host: _free_by_zone(hosts, host.zone)).zone
        return random.choice([host for host in hosts if host.zone == zone])  # noqa: S311


def load(name: str) -> Chooser:
    """The driver a setting names: `simple`, `chance`, `zone` or `package.module:Class`.

    Raises ConfigError when there is no such class, or it cannot `choose`.
    """
    own: dict[str, type[Chooser]] = {"simple": Simple, "chance": Chance, "zone": Zone}
    if name in own:
        return own[name]()
    module, _, kind = name.partition(":")
    try:
        chooser = getattr(importlib.import_module(module), kind)()
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise errors.ConfigError(
            f"scheduler.driver {name!r}: {error}. Known: simple, chance, zone, package.module:Class"
        ) from error
    if not callable(getattr(chooser, "choose", None)):
        raise errors.ConfigError(f"scheduler.driver {name!r} has no method choose(hosts, request)")
    chosen: Chooser = chooser
    return chosen


def _load(host: Host) -> tuple[float, float, str]:
    return (
        host.memory_mib_used / max(host.memory_mib, 1),
        host.vcpus_used / max(host.vcpus, 1),
        host.name,
    )


def _free_by_zone(hosts: Sequence[Host], zone: str) -> int:
    return sum(host.memory_mib - host.memory_mib_used for host in hosts if host.zone == zone)
