"""Rows of `hosts`: what a compute host has, and what its instances have taken of it."""

from appliance import clock
from appliance.db import connection
from appliance.model.host import Host

# What is used is always counted from the instances: a counter could drift, a sum cannot.
_SELECT = """
SELECT h.*, coalesce(u.vcpus, 0) AS vcpus_used, coalesce(u.memory_mib, 0) AS memory_mib_used,
       coalesce(u.disk_gib, 0) AS disk_gib_used, coalesce(u.instances, 0) AS instances
FROM hosts h LEFT JOIN (
    SELECT host, sum(vcpus) AS vcpus, sum(memory_mib) AS memory_mib, sum(disk_gib) AS disk_gib,
           count(*) AS instances
    FROM instances WHERE deleted_at IS NULL AND host IS NOT NULL AND vm_state != 'error'
    GROUP BY host
) u ON u.host = h.name
"""


def report(
    tx: connection.Transaction,
    name: str,
    *,
    zone: str,
    vcpus: int,
    memory_mib: int,
    disk_gib: int,
    hypervisor: str,
    virt_type: str,
) -> None:
    """A compute worker says what its host has, and that it is alive."""
    tx.execute(
        """
        INSERT INTO hosts (name, zone, vcpus, memory_mib, disk_gib, hypervisor, virt_type, seen_at)
        VALUES (:name, :zone, :vcpus, :memory_mib, :disk_gib, :hypervisor, :virt_type, :seen_at)
        ON CONFLICT (name) DO UPDATE SET zone = :zone, vcpus = :vcpus, memory_mib = :memory_mib,
            disk_gib = :disk_gib, hypervisor = :hypervisor, virt_type = :virt_type,
            seen_at = :seen_at
        """,
        {
            "name": name, "zone": zone, "vcpus": vcpus, "memory_mib": memory_mib,
            "disk_gib": disk_gib, "hypervisor": hypervisor, "virt_type": virt_type,
            "seen_at": clock.stamp(),
        },
    )  # fmt: skip


def seen(tx: connection.Transaction, name: str) -> None:
    """The host's heartbeat."""
    tx.execute("UPDATE hosts SET seen_at = ? WHERE name = ?", (clock.stamp(), name))


def zone(db: connection.Reader, name: str) -> str:
    """The zone of a host; empty when it never reported in."""
    row = db.row("SELECT zone FROM hosts WHERE name = ?", (name,))
    return str(row["zone"]) if row else ""


def all_hosts(db: connection.Reader) -> list[Host]:
    """Every host that ever reported in, by name."""
    return [Host(**dict(row)) for row in db.rows(f"{_SELECT} ORDER BY h.name")]
