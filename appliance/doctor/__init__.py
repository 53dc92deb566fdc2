"""`novabox doctor`: whether this machine can be a cloud, and the line that mends what is red.

Looks and tells; changes nothing unless asked to (`fix`), and then only what a check's own fix says;
what that changed, `undo` changes back.
"""

import functools
import json
from collections.abc import Callable, Sequence
from typing import Final

from appliance import config, errors
from appliance.doctor import applied, guests, machine, networks, report, volumes
from appliance.doctor.check import Check, Status

ALL: Final = "*"

Look = Callable[[config.Settings], Check]

LOOKS: Final[tuple[Look, ...]] = (
    machine.privilege,
    machine.python,
    machine.programs,
    machine.memory,
    machine.disk,
    guests.virtualisation,
    guests.libvirt,
    guests.kvm_access,
    networks.devices,
    networks.bridge_filter,
    networks.nftables,
    networks.forwarding,
    networks.dnsmasq,
    volumes.pool,
    volumes.exports,
    networks.ports,
)


def checks(settings: config.Settings, looks: Sequence[Look] = LOOKS) -> list[Check]:
    """Every check's finding, in the order in which they are shown."""
    return [look(settings) for look in looks]


def run(
    settings: config.Settings,
    *,
    fix: str | None = None,
    as_json: bool = False,
    looks: Sequence[Look] = LOOKS,
) -> int:
    """Look, mend, print; 1 if something red is left.

    `fix` names the check to mend, of those that have an automatic fix, or is `ALL`. Raises NotFound
    for a check that there is none of; Conflict for one that only a person can mend.
    """
    found = []
    for look in looks:
        check = look(settings)
        if fix in (ALL, check.name) and check.apply and check.status is not Status.OK:
            check = _mended(settings, check, check.apply, look=functools.partial(look, settings))
        elif fix == check.name and check.status is not Status.OK:
            raise errors.Conflict(f"{check.name}: only you can mend it: {check.fix}")
        found.append(check)
        if not as_json:
            print(report.line(check), flush=True)
    if fix not in (None, ALL, *(check.name for check in found)):
        raise errors.NotFound("check", str(fix))
    if as_json:
        done = applied.all_applied(settings)
        print(json.dumps(report.document(found, done, home=settings.home), indent=2))
    else:
        print(report.summary(found))
    return int(any(check.status is Status.FAIL for check in found))


def undo(settings: config.Settings, name: str) -> int:
    """Take back what a fix did, or, with `ALL`, what all of them did, the newest first.

    Raises NotFound for one that was not applied here; HostError when its line fails.
    """
    known = [one.name for one in applied.all_applied(settings)][::-1]
    for one in known if name == ALL else [name]:
        taken = applied.take_back(settings, one)
        print(f"{one}: taken back: {applied.words(taken.undo)}", flush=True)
    if name == ALL and not known:
        print("No fix was applied here that could be taken back.")
    return 0


def _mended(
    settings: config.Settings,
    check: Check,
    apply: Callable[[], None],
    *,
    look: Callable[[], Check],
) -> Check:
    applied.note(settings, check.name, fix=check.fix, undo=check.undo)
    try:
        apply()
    except (errors.HostError, OSError) as error:
        applied.forget(settings, check.name)
        return check.with_failed_fix(str(error))
    return look().after_fix(check)
