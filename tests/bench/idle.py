"""What the cloud's own processes cost when nothing happens: PSS and CPU over a minute."""

from typing import Final

from appliance import config, errors, processes, supervisor

OVER_S: Final = 60.0


def measure() -> dict[str, float]:
    """`pss_mib` and `cpu_percent` of all services and the supervisor; libvirtd is libvirt's own."""
    running = supervisor.find(config.load())
    if running is None:
        raise errors.Unavailable("the cloud is down: `novabox up --detach` first")
    costs = [one for one in supervisor.cost(running) if one.name != supervisor.LIBVIRTD]
    return {
        "pss_mib": sum(cost.pss_kib for cost in costs) / 1024,
        "cpu_percent": processes.cpu_percent([cost.pid for cost in costs], over_s=OVER_S),
        "processes": len(costs),
    }
