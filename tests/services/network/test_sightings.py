"""What is seen of guests is traced under their own requests."""

from pathlib import Path

from appliance import config, trace
from appliance.db import connection, ports
from services.network.dnsmasq import Lease
from services.network.lease_watch import LeaseWatch
from services.network.sightings import Sightings
from tests.services.network import cloud

KEY = "/latest/meta-data/public-keys/0/openssh-key"


def test_what_a_guest_fetches_is_traced_once(
    db: connection.Database, settings: config.Settings
) -> None:
    guest = cloud.add_guest(db)
    trace.start(settings.home, "network", hops_max=1000)
    sightings = Sightings(db)
    for path in (KEY, f"{KEY}?again", "/latest//meta-data/", "/latest/meta-data"):
        sightings.fetched(guest.id, path)
    sightings.fetched("a-deleted-one", KEY)
    trace.flush()
    hops = trace.Log(settings.home).request(guest.request_id)
    assert [(hop.name, hop.source, hop.detail["is_key"]) for hop in hops] == [
        (f"GET {KEY}", "guest", True),
        ("GET /latest/meta-data", "guest", False),
    ]


def test_the_lease_of_a_guest_is_traced_and_a_strangers_is_not(
    db: connection.Database, settings: config.Settings
) -> None:
    guest = cloud.add_guest(db)
    (port,) = ports.of_instance(db, guest.id)
    trace.start(settings.home, "network", hops_max=1000)
    sightings = Sightings(db)
    sightings.leased(Lease(ip="10.78.0.2", mac_address=port.mac, expires_at=1))
    sightings.leased(Lease(ip="10.78.0.3", mac_address="fa:16:3e:00:00:00", expires_at=1))
    trace.flush()
    (hop,) = trace.Log(settings.home).request(guest.request_id)
    assert (hop.name, hop.source, hop.target) == ("DHCPACK", "dnsmasq", "guest")
    assert hop.detail["ip"] == "10.78.0.2"


def test_a_lease_is_told_when_it_appears_and_when_it_is_renewed(tmp_path: Path) -> None:
    told: list[Lease] = []
    (tmp_path / "nbx-b-1.leases").write_text("100 fa:16:3e:00:00:01 10.0.0.1 old *\n")
    watch = LeaseWatch(tmp_path, on_lease=told.append)
    watch.look()
    assert told == []
    (tmp_path / "nbx-b-2.leases").write_text("100 fa:16:3e:00:00:02 10.0.0.2 new *\n")
    watch.look()
    watch.look()
    assert [lease.ip for lease in told] == ["10.0.0.2"]
    (tmp_path / "nbx-b-1.leases").write_text("200 fa:16:3e:00:00:01 10.0.0.1 old * longer\n")
    (tmp_path / "nbx-b-2.leases").unlink()
    watch.look()
    assert [(lease.ip, lease.expires_at) for lease in told[1:]] == [("10.0.0.1", 200)]
