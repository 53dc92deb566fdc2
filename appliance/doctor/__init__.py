"""`novabox doctor`: whether this machine can be a cloud, and the line that mends what is red.

Looks and tells; changes nothing unless asked to (`fix`), and then only what a check's own fix says.
"""

import functools
import json
from collections.abc import Callable, Sequence
from typing import Final

from appliance import config, errors
from appliance.doctor import guests, machine, networks, report, volumes
from appliance.doctor.check import Check, Status

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
    settings: config.Settings, *, fix: bool, as_json: bool, looks: Sequence[Look] = LOOKS
) -> int:
    """Look, mend with `fix` what has an automatic fix, print; 1 if something red is left."""
    found = []
    for look in looks:
        check = look(settings)
        if fix and check.apply and check.status is not Status.OK:
            check = _mended(check, check.apply, look=functools.partial(look, settings))
        found.append(check)
        if not as_json:
            print(report.line(check), flush=True)
    if as_json:
        print(json.dumps(report.document(found), indent=2))
    else:
        print(report.summary(found))
    return int(any(check.status is Status.FAIL for check in found))


def _mended(check: Check, apply: Callable[[], None], *, look: Callable[[], Check]) -> Check:
    try:
        apply()
    except (errors.HostError, OSError) as error:
        return check.with_failed_fix(str(error))
    return look().after_fix(check)
