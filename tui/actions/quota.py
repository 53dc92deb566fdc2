"""What can be done to the limits of projects, and to room that is only imagined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from tui.actions.action import Action, Level, Question, Target
from tui.client import verbs
from tui.client.call import Call
from tui.client.nouns.planning import ProjectQuota, Used
from tui.client.verbs import planning as put

# a resource → how a person says it, and the option of `openstack quota set`
_COMPUTE: Final = {"instances": "Instances", "cores": "Cores", "ram": "RAM, MiB"}
_VOLUME: Final = {"volumes": "Volumes", "gigabytes": "Disk, GiB", "snapshots": "Snapshots"}
_NETWORK: Final = {
    "network": "Networks", "subnet": "Subnets", "port": "Ports", "security_group": "Groups",
    "security_group_rule": "Rules",
}  # fmt: skip
_OPTIONS: Final = {
    "network": "networks", "subnet": "subnets", "port": "ports", "security_group": "secgroups",
    "security_group_rule": "secgroup-rules",
}  # fmt: skip


def _of(target: Target, resource: str) -> Used:
    if isinstance(target.noun, ProjectQuota):
        return target.noun.of(resource)
    return Used(resource=resource, used=0, limit=-1)


def _question(resource: str, label: str) -> Question:
    def before(target: Target) -> str:
        one = _of(target, resource)
        return f"uses {one.used} of {one.limit}" if one.limit >= 0 else f"uses {one.used}, no limit"

    return Question(
        name=resource, label=label, kind="number", note=before,
        default=lambda target: str(_of(target, resource).limit), hint="-1: no limit",
    )  # fmt: skip


def _changed(target: Target, resources: dict[str, str]) -> dict[str, int]:
    """Return the limits that are to be others than they are."""
    wanted = {name: target.answers.get(name, "") for name in resources}
    return {
        name: int(text)
        for name, text in wanted.items()
        if text.lstrip("-").isdigit() and int(text) != _of(target, name).limit
    }


def _setting(
    key: str,
    keys: str,
    what: str,
    resources: dict[str, str],
    putting: Callable[[str, dict[str, int]], Call],
) -> Action:
    def line(target: Target) -> tuple[str, ...]:
        options = [
            word
            for name, limit in _changed(target, resources).items()
            for word in (f"--{_OPTIONS.get(name, name)}", str(limit))
        ]
        return ("openstack", "quota", "set", *options, target.id)

    return Action(
        id=f"quota.{key}", keys=keys, label=f"{key} limits", views=("capacity",),
        purpose=f"Limit the {what} of a project; -1 is no limit. Only an administrator may.",
        level=Level.REVERSIBLE, cli=line,
        asks=tuple(_question(name, label) for name, label in resources.items()),
        call=lambda target: putting(target.id, _changed(target, resources)),
        is_idle=lambda target: not _changed(target, resources),
    )  # fmt: skip


ACTIONS: Final = (
    _setting("compute", "e", "instances, cores and RAM", _COMPUTE, put.put_compute_quota),
    _setting("volume", "v", "volumes and snapshots", _VOLUME, put.put_volume_quota),
    _setting("network", "N", "networks, ports and groups", _NETWORK, put.put_network_quota),
    Action(
        id="capacity.imagine", keys="w", label="what if", views=("capacity",),
        purpose="As if one more instance ran: where it would go, and what then still fits.",
        does="screen.imagine",
        cli=lambda _: ("novabox", "capacity", "--imagine", "FLAVOR"),
        call=lambda _: verbs.planning.capacity(["FLAVOR"]),
    ),
    Action(
        id="capacity.forget", keys="W", label="forget what if", views=("capacity",),
        purpose="Imagine nothing any more.", does="screen.forget", is_shown=False,
    ),
    Action(
        id="capacity.history", keys="h", label="history", views=("capacity",),
        purpose="The history of another resource: RAM, vCPUs, disk, of a day or of a week.",
        does="screen.next_history",
    ),
)  # fmt: skip
