"""What guests use: rates between two looks, told while somebody wants them."""

import asyncio
import json
from collections.abc import Iterator

import pytest

from appliance import inquiry
from services.api.cloud import usage
from services.api.cloud.listener import Wanted
from services.api.cloud.usage import Meter
from tests.services.api.cloud.workers import HOST, Workers
from tests.services.api.test_events import Stream, _caller, _run, events

__all__ = ["events"]  # a fixture


class Host:
    """A compute worker whose guests use what a test says."""

    def __init__(self, cloud) -> None:
        self.asked = 0
        self.counters = {}
        cloud.add_host()
        told = {"usage": self._answer}
        self.server = inquiry.serve(cloud.settings.run_dir, f"compute.{HOST}", told)

    def _answer(self, _: str):
        self.asked += 1
        return self.counters

    def use(self, key: str, *, cpu_s: float = 0, read: int = 0, rx: int = 0) -> None:
        self.counters[key] = {
            "cpu_time_ns": int(cpu_s * 1e9), "vcpu_times_ns": [0, 0],
            "memory_kib": 512 << 10, "rss_kib": 64 << 10,
            "disks": [{"read_bytes": read, "write_bytes": 0}],
            "nics": [{"tap": "nbx-t-1", "rx_bytes": rx, "tx_bytes": 0}],
        }  # fmt: skip


@pytest.fixture
def workers(cloud) -> Iterator[Workers]:
    """A host whose workers answer."""
    made = Workers(cloud)
    made.answer()
    yield made
    made.close()


@pytest.fixture
def host(cloud) -> Iterator[Host]:
    """A host that says what a test says."""
    made = Host(cloud)
    yield made
    made.server.close()


def test_rates_are_of_the_time_between_two_looks(cloud, host):
    times = iter([10.0, 12.0])
    meter = Meter(cloud.settings.run_dir, cloud.db, now=lambda: next(times))
    key = cloud.run()["id"]
    host.use(key, cpu_s=100, read=1000, rx=10)
    assert meter.look() == []
    host.use(key, cpu_s=101, read=5000, rx=2010)
    (seen,) = meter.look()

    assert seen.view == {
        "id": key, "instance_id": key, "cpu_percent": 25.0, "memory_mib": 512, "rss_mib": 64,
        "disk_read_bytes_s": 2000, "disk_write_bytes_s": 0, "rx_bytes_s": 1000, "tx_bytes_s": 0,
        "nics": [{"tap": "nbx-t-1", "rx_bytes_s": 1000, "tx_bytes_s": 0}],
    }  # fmt: skip
    assert seen.project_id == cloud.project_id("demo")


@pytest.mark.parametrize("late", ["rebooted", "long ago", "no row", "silent"])
def test_what_makes_no_rate_is_not_told(cloud, host, late):
    times = iter([10.0, 12.0 if late != "long ago" else 99.0])
    meter = Meter(cloud.settings.run_dir, cloud.db, now=lambda: next(times))
    key = cloud.run()["id"] if late != "no row" else "00000000-0000-4000-8000-000000000000"
    host.use(key, cpu_s=100)
    meter.look()
    host.use(key, cpu_s=101 if late != "rebooted" else 1)
    if late == "silent":
        (cloud.settings.run_dir / f"compute.{HOST}.ask").unlink()

    assert meter.look() == []


def test_usage_is_told_to_its_project_and_only_while_somebody_wants_it(cloud, workers, events):
    key = workers.running()

    async def scenario() -> None:
        usual = Stream(events, _caller(cloud, "demo", "member"), Wanted())
        await usual.next()
        wanted = Wanted(kinds=frozenset({"usage"}))
        own = Stream(events, _caller(cloud, "demo", "member"), wanted)
        other = Stream(events, _caller(cloud, "other", "member"), wanted)
        name, first = await own.next()
        assert (name, first["objects"]) == ("snapshot", {"usage": []})
        await other.next()
        told = await own.until(lambda _, data: data["op"] == "upsert")
        await asyncio.to_thread(workers.compute.driver.crash, key)
        gone = await own.until(lambda _, data: data["op"] == "delete")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await other.next()
        await own.close()
        await usual.close()
        assert told["id"] == gone["id"] == key
        assert told["object"]["cpu_percent"] == pytest.approx(10, abs=5)
        assert told["object"]["memory_mib"] == 512

    _run(scenario())


def test_nobody_is_asked_while_nobody_wants_it(cloud, host, events):
    async def scenario() -> None:
        usual = Stream(events, _caller(cloud, "demo", "member"), Wanted())
        await usual.next()
        await asyncio.sleep(3 * usage._FIRST_S)
        await usual.close()

    _run(scenario())
    assert host.asked == 0


def test_diagnostics_are_an_administrators_and_of_a_guest_that_is_on(cloud, workers):
    key = workers.running()
    path = f"/compute/v2.1/servers/{key}/diagnostics"
    body = cloud.get(path, user="admin")
    tap = workers.tap(key)

    assert {"cpu0_time", "vda_read", "vda_write_req", f"{tap}_rx", f"{tap}_tx_drop"} <= set(body)
    assert (body["memory"], body["memory-rss"]) == (512 << 10, 128 << 10)
    assert body["memory_details"] == {"maximum": 512, "used": 128}
    assert (body["num_cpus"], body["num_nics"], body["cpu_details"][0]["id"]) == (1, 1, 0)
    assert set(body["nic_details"][0]) >= {"rx_octets", "tx_drop"}
    assert cloud.ask("GET", path).status_code == 403
    workers.compute.driver.crash(key)
    answer = cloud.ask("GET", path, user="admin")
    assert (answer.status_code, "get_diagnostics" in json.dumps(answer.json())) == (409, True)
    waiting = cloud.run()["id"]
    path = f"/compute/v2.1/servers/{waiting}/diagnostics"
    assert cloud.ask("GET", path, user="admin").status_code == 409
