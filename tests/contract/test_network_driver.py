"""What every NetworkDriver promises, on the fake and on a real host in a namespace of its own."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance import errors
from services.network.dnsmasq import Lease
from services.network.driver import NetworkDriver, Report
from services.network.fake import FakeDriver, as_planned
from services.network.linux import LinuxDriver
from services.network.plan import HostNetwork, HostPlan
from tests.services.network import namespace
from tests.services.network.plans import BLUE, FULL, ONE, RED, SSH, port

REAL = pytest.param(
    LinuxDriver,
    id="linux",
    marks=[
        pytest.mark.host,
        pytest.mark.skipif(namespace.missing() is not None, reason=str(namespace.missing())),
    ],
)


@pytest.fixture(params=[pytest.param(FakeDriver, id="fake"), REAL])
def kind(request: pytest.FixtureRequest) -> Iterator[type[FakeDriver] | type[LinuxDriver]]:
    chosen: type[FakeDriver] | type[LinuxDriver] = request.param
    if chosen is FakeDriver:
        yield chosen
        return
    with namespace.private():
        yield chosen


@pytest.fixture
def driver(kind: type[FakeDriver] | type[LinuxDriver], home: Path) -> Iterator[NetworkDriver]:
    made = kind(home / "network")
    yield made
    made.clear()


def test_a_host_without_anything_of_ours_is_empty(driver: NetworkDriver) -> None:
    assert driver.survey() == HostNetwork()
    assert driver.clear() == Report()


@pytest.mark.parametrize("plan", [HostPlan(), ONE, FULL], ids=["nothing", "one", "full"])
def test_after_apply_the_host_is_as_planned(driver: NetworkDriver, plan: HostPlan) -> None:
    driver.apply(plan)
    assert driver.survey() == as_planned(plan)


def test_the_report_names_what_was_made(driver: NetworkDriver) -> None:
    report = driver.apply(ONE)
    assert set(report.created) == {
        "rules",
        "bridge nbx-b-aaaaaaaa",
        "tap nbx-t-0000000b",
        "dhcp nbx-b-aaaaaaaa",
    }
    assert (report.changed, report.removed) == ((), ())


def test_a_second_apply_finds_nothing_to_do(driver: NetworkDriver) -> None:
    driver.apply(FULL)
    assert not driver.apply(FULL)


def test_another_process_finds_nothing_to_do_either(
    driver: NetworkDriver, kind: type[FakeDriver] | type[LinuxDriver], home: Path
) -> None:
    driver.apply(FULL)
    other: NetworkDriver = kind(home / "network")
    assert not other.apply(FULL)
    assert other.survey() == as_planned(FULL)


def test_one_more_port_changes_rules_and_dhcp_only(driver: NetworkDriver) -> None:
    driver.apply(ONE)
    report = driver.apply(replace(ONE, ports=(port(11), port(12))))
    assert set(report.created) == {"tap nbx-t-0000000c"}
    assert set(report.changed) == {"rules", "dhcp nbx-b-aaaaaaaa"}
    assert report.removed == ()


def test_what_the_plan_has_no_more_is_removed(driver: NetworkDriver) -> None:
    driver.apply(FULL)
    report = driver.apply(ONE)
    assert driver.survey() == as_planned(ONE)
    assert {
        "tap nbx-t-0000000c",
        "tap nbx-t-0000000d",
        "tap nbx-t-00000015",
        "bridge nbx-b-bbbbbbbb",
        "dhcp nbx-b-bbbbbbbb",
    } <= set(report.removed)


def test_a_changed_network_is_repaired_in_place(driver: NetworkDriver) -> None:
    driver.apply(ONE)
    wider = replace(ONE, networks=(replace(RED, mtu=1400, gateway_ip="10.78.0.254"),))
    report = driver.apply(wider)
    assert driver.survey() == as_planned(wider)
    assert {"bridge nbx-b-aaaaaaaa", "tap nbx-t-0000000b"} <= set(report.changed)


def test_a_network_without_dhcp_has_no_server(driver: NetworkDriver) -> None:
    driver.apply(ONE)
    silent = replace(ONE, networks=(replace(RED, enable_dhcp=False),))
    assert driver.apply(silent).removed == ("dhcp nbx-b-aaaaaaaa",)
    assert driver.survey() == as_planned(silent)


def test_clear_leaves_nothing_and_may_be_repeated(driver: NetworkDriver) -> None:
    driver.apply(FULL)
    assert driver.clear()
    assert driver.survey() == HostNetwork()
    assert driver.clear() == Report()


def test_a_port_on_no_network_of_the_plan_is_refused_before_anything_is_done(
    driver: NetworkDriver,
) -> None:
    with pytest.raises(errors.NetworkError, match="does not have"):
        driver.apply(replace(ONE, networks=(BLUE,)))
    assert driver.survey() == HostNetwork()


def test_a_revoked_rule_changes_the_rules_and_nothing_else(driver: NetworkDriver) -> None:
    driver.apply(ONE)
    report = driver.apply(replace(ONE, ports=(port(11, rules=(SSH,)),)))
    assert (report.created, report.changed, report.removed) == ((), ("rules",), ())


def test_leases_are_told_as_dnsmasq_wrote_them(driver: NetworkDriver, home: Path) -> None:
    driver.apply(ONE)
    assert driver.leases() == ()
    file = home / "network" / "nbx-b-aaaaaaaa.leases"
    file.write_text("1900000000 fa:16:3e:00:00:0b 10.0.0.11 web-1 *\n")

    assert driver.leases() == (
        Lease(ip="10.0.0.11", mac_address="fa:16:3e:00:00:0b", expires_at=1_900_000_000),
    )
