"""GET /servers/{id}/diagnostics (Nova, compute/server_diagnostics.py).

Before microversion 2.48 the body has the names that libvirt's driver gave: kibibytes of memory,
nanoseconds of each processor, and counters by disk and by tap.
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
    return body | {"memory": memory, "memory-actual": memory, "memory-rss": rss}
