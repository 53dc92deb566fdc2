"""Addresses under any order of taking and freeing: lowest first, never two owners, none lost."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from appliance import errors
from appliance.db import connection, fixed_ips, migrations, networks, ports, subnets

POOL = [f"10.1.0.{n}" for n in (2, 3, 4, 5, 6)]  # of a /29 whose gateway is .1


class FixedIps(RuleBasedStateMachine):
    """The database against a set."""

    holders = Bundle("holders")

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp(prefix="nbx-test-"))
        migrations.migrate(self.home)
        self.db = connection.open_db(self.home)
        with self.db.transaction() as tx:
            self.network = networks.create(tx, name="n", project_id="p")
            self.subnet = subnets.create(
                tx, network_id=self.network.id, project_id="p", cidr="10.1.0.0/29"
            )
        self.ip_by_port: dict[str, str] = {}

    @rule(target=holders)
    def allocate(self) -> str:
        free = [ip for ip in POOL if ip not in self.ip_by_port.values()]
        with self.db.transaction() as tx:
            port = ports.create(tx, network_id=self.network.id, project_id="p")
            try:
                ip = fixed_ips.allocate(tx, self.subnet, port.id)
            except errors.Conflict:
                assert free == []
            else:
                assert ip == free[0]
                self.ip_by_port[port.id] = ip
        return port.id

    @rule(port_id=consumes(holders))
    def free(self, port_id: str) -> None:
        with self.db.transaction() as tx:
            ports.delete(tx, port_id)
        self.ip_by_port.pop(port_id, None)

    @rule(port_id=holders)
    def release(self, port_id: str) -> None:
        with self.db.transaction() as tx:
            fixed_ips.release(tx, port_id)
        self.ip_by_port.pop(port_id, None)

    @rule(port_id=holders)
    def take_what_another_has(self, port_id: str) -> None:
        for other, ip in self.ip_by_port.items():
            if other != port_id:
                with self.db.transaction() as tx:
                    try:
                        fixed_ips.take(tx, self.subnet, port_id, ip=ip)
                    except errors.Conflict:
                        return
                raise AssertionError(f"{ip} has two owners")

    @invariant()
    def the_table_says_the_same(self) -> None:
        rows = self.db.rows("SELECT port_id, ip FROM fixed_ips")
        assert {row["port_id"]: row["ip"] for row in rows} == self.ip_by_port

    def teardown(self) -> None:
        self.db.close()
        shutil.rmtree(self.home)


TestFixedIps = FixedIps.TestCase
TestFixedIps.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
