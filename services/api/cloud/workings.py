"""The cloud's own parts as they are now: processes, topics, hosts. Shown to everybody, read-only.

What they cost is read from /proc, topics from the queue's files: none of it is in the log of
changes, so it is looked at when somebody asks and compared with what was there before.
"""

import threading
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from appliance import clock, config, processes, queue, supervisor, trace
from appliance.db import connection, hosts, services
from appliance.model.host import Host, Service
from services.api.cloud.seen import Seen

Json = dict[str, Any]

_LOOK_S: Final = 1.0  # CPU time is counted in ticks of 10 ms: a shorter look says little
_RECENT_HOPS: Final = 500  # in which the last step of a topic is looked for


@dataclass(slots=True)
class _Spent:
    """What a process had spent when it was last looked at."""

    at_s: float
    cpu_s: float
    percent: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Workings:
    """Reads the parts; remembers CPU times between two looks. May be used by many threads."""

    settings: config.Settings
    db: connection.Database
    queues: queue.Administration
    log: trace.Log
    activity: queue.Activity
    _spent: dict[int, _Spent] = field(default_factory=dict)
    _last_step: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def services(self) -> list[Seen]:
        """Every process that registered, with what it costs on this host."""
        stopped = supervisor.stopped(self.settings)
        return [self._service(service, stopped) for service in services.all_services(self.db)]

    def hosts(self) -> list[Seen]:
        """Every compute host with its room."""
        return [self._host(host) for host in hosts.all_hosts(self.db)]

    def topics(self) -> list[Seen]:
        """Every topic with what waits in it, and how busy it was."""
        return self._topics(self.queues.states())

    def topic(self, name: str) -> Seen:
        """One of them. Raises NotFound."""
        return self._topics([self.queues.state(name)])[0]

    def _topics(self, states: list[queue.TopicState]) -> list[Seen]:
        busy = self.activity.look({state.name: state.depth for state in states})
        consumers = self._consumers()
        return [
            Seen(
                kind="topic", id=state.name, is_public=True,
                view=asdict(state) | {
                    "last_step": self._last_step.get(state.name),
                    "consumers": consumers.get(state.name, []),
                    "in_per_s": busy[state.name].in_per_s,
                    "out_per_s": busy[state.name].out_per_s,
                    "history": {
                        "sent": busy[state.name].sent,
                        "taken": busy[state.name].taken,
                        "depth": busy[state.name].depth,
                    },
                },
            )
            for state in states
        ]  # fmt: skip

    def _consumers(self) -> dict[str, list[str]]:
        """Which processes that are up serve each topic."""
        alive = [
            one
            for one in services.all_services(self.db)
            if processes.is_up(one, here=self.settings.host)
        ]
        return {one.topic: [one.name] for one in alive}

    def note_steps(self, hops: list[trace.Hop]) -> None:
        """Remember of these hops which step each topic's worker took last."""
        for hop in hops:
            if hop.kind == "taken":
                self._last_step[hop.target] = hop.name

    def note_recent_steps(self) -> None:
        """The same, of the newest hops there are."""
        newest = self.log.last_seq()
        hops = self.log.after(max(newest - _RECENT_HOPS, 0), limit=_RECENT_HOPS)
        self.note_steps([hop for _, hop in hops])

    def status(self) -> Json:
        """What the cloud's processes cost together, and each: KiB, and percent of one core."""
        found = [
            {
                "name": seen.view["topic"],
                "pid": seen.view["pid"],
                "pss_kib": seen.view["pss_kib"],
                "cpu_percent": seen.view["cpu_percent"],
            }
            for seen in self.services()
            if seen.view["pss_kib"] is not None
        ]
        return {
            "pss_kib": sum(one["pss_kib"] for one in found),
            "cpu_percent": round(sum(one["cpu_percent"] for one in found), 2),
            "processes": found,
        }

    def _service(self, service: Service, stopped: list[str]) -> Seen:
        is_here = service.host == self.settings.host
        is_up = processes.is_up(service, here=self.settings.host)
        cost = processes.cost(service.topic, service.pid) if is_here and is_up else None
        is_stopped = is_here and not is_up and service.name in stopped
        view = {
            "name": service.name,
            "topic": service.topic,
            "host": service.host,
            "pid": service.pid,
            "state": "up" if is_up else "stopped" if is_stopped else "down",
            "trouble": service.trouble,
            "started_at": service.started_at,
            "seen_at": service.seen_at,
            "pss_kib": cost.pss_kib if cost else None,
            "cpu_percent": self._cpu_percent(cost, service) if cost else None,
        }
        return Seen(kind="service", id=service.topic, view=view, is_public=True)

    def _cpu_percent(self, cost: processes.Cost, service: Service) -> float:
        """Since the last look; at the first, since the process started."""
        now_s = clock.now()
        with self._lock:
            before = self._spent.get(cost.pid, _Spent(clock.seconds(service.started_at), 0.0))
            elapsed_s = now_s - before.at_s
            if elapsed_s < _LOOK_S:
                return before.percent
            percent = round(max(100 * (cost.cpu_s - before.cpu_s) / elapsed_s, 0.0), 2)
            self._spent[cost.pid] = _Spent(now_s, cost.cpu_s, percent)
        return percent

    def _host(self, host: Host) -> Seen:
        silent_s = clock.now() - clock.seconds(host.seen_at)
        view = {
            "name": host.name,
            "zone": host.zone,
            "vcpus": host.vcpus,
            "vcpus_used": host.vcpus_used,
            "memory_mib": host.memory_mib,
            "memory_mib_used": host.memory_mib_used,
            "disk_gib": host.disk_gib,
            "disk_gib_used": host.disk_gib_used,
            "virt_type": host.virt_type,
            "is_up": silent_s <= self.settings.scheduler.host_down_s,
        }
        return Seen(kind="host", id=host.name, view=view, is_public=True)
