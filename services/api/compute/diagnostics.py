"""GET /servers/{id}/diagnostics (Nova, compute/server_diagnostics.py).

Before microversion 2.48 the body is what the driver gives: as libvirt's did, kibibytes of memory,
nanoseconds of each processor, and counters by disk and by tap. Beside them stand the names of 2.48,
which newer clients show whatever version they asked for.
"""

from dataclasses import dataclass
from typing import Any

from services.compute.api.diagnostics import Counters, Diagnostics
from services.http.endpoint import Path, Request, endpoint, path

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class DiagnosticsFace:
    """The handler."""

    verbs: Diagnostics

    def paths(self) -> tuple[Path, ...]:
        """The route."""
        return (path("/v2.1/servers/{server_id}/diagnostics", GET=endpoint(self.show)),)

    def show(self, request: Request) -> Json:
        """GET /servers/{server_id}/diagnostics."""
        return _view(self.verbs.counters(request.ctx, request.path["server_id"]))


def _view(counters: Counters) -> Json:
    body: Json = {
        f"cpu{number}_time": time_ns for number, time_ns in enumerate(counters["vcpu_times_ns"])
    }
    for disk in counters["disks"]:
        name = disk["name"]
        body |= {
            f"{name}_read_req": disk["read_requests"],
            f"{name}_read": disk["read_bytes"],
            f"{name}_write_req": disk["write_requests"],
            f"{name}_write": disk["write_bytes"],
            f"{name}_errors": -1,  # as libvirt says where it does not count them
        }
    for nic in counters["nics"]:
        for way in ("rx", "tx"):
            at = f"{nic['tap']}_{way}"
            body |= {
                at: nic[f"{way}_bytes"],
                f"{at}_packets": nic[f"{way}_packets"],
                f"{at}_errors": nic[f"{way}_errors"],
                f"{at}_drop": nic[f"{way}_dropped"],
            }
    memory, rss = counters["memory_kib"], counters["rss_kib"]
    body |= {"memory": memory, "memory-actual": memory, "memory-rss": rss}
    return body | _of_2_48(counters)


def _of_2_48(counters: Json) -> Json:
    """The same as `show_server_diagnostics` of 2.48 names it; memory in MiB."""
    times, disks, nics = (counters[name] for name in ("vcpu_times_ns", "disks", "nics"))
    return {
        "state": "running",
        "driver": "libvirt",
        "num_cpus": len(times),
        "num_disks": len(disks),
        "num_nics": len(nics),
        "cpu_details": [{"id": number, "time": time_ns} for number, time_ns in enumerate(times)],
        "memory_details": {
            "maximum": counters["memory_kib"] >> 10, "used": counters["rss_kib"] >> 10,
        },
        "disk_details": [
            {name: disk[name] for name in (
                "read_bytes", "read_requests", "write_bytes", "write_requests")}
            for disk in disks
        ],
        "nic_details": [
            {
                f"{way}_{theirs}": nic[f"{way}_{ours}"]
                for way in ("rx", "tx")
                for theirs, ours in (
                    ("octets", "bytes"), ("packets", "packets"), ("errors", "errors"),
                    ("drop", "dropped"),
                )
            }
            for nic in nics
        ],
    }  # fmt: skip
