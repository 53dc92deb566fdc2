"""What a compute worker tells of its guests, files and cache when it is asked."""

from appliance.model.states import Event
from services.compute import answers
from tests.services.compute.host import Host

STRANGER = "99999999-2222-4333-8444-555555555555"


def _asked(host: Host, instance_id: str = ""):
    told = answers.answers(host.settings, host.db, host.driver, host.folders)
    return told["guests"](instance_id)


def test_a_guest_is_told_with_its_domain_disk_and_base(host: Host) -> None:
    instance = host.running()
    told = _asked(host, instance.id)["guests"][instance.id]

    assert (told["domain"]["state"], told["domain"]["memory_mib"]) == (
        "running", instance.memory_mib,
    )  # fmt: skip
    assert told["domain"]["disks"][0] == f"compute/instances/{instance.id}/disk"
    assert told["disk"]["file"]["is_there"]
    assert told["disk"]["is_backing_right"]
    assert told["disk"]["backing"] == f"compute/images/{instance.image_id}"
    assert told["console_log"]["is_there"]


def test_what_is_missing_is_told(host: Host) -> None:
    instance = host.running()
    host.driver.destroy(instance.id)
    host.folders.disk(instance.id).unlink()
    told = _asked(host)["guests"][instance.id]

    assert told["domain"] is None
    assert not told["disk"]["file"]["is_there"]
    assert not told["disk"]["is_backing_known"]


def test_what_no_row_wants_is_told(host: Host) -> None:
    host.folders.make(STRANGER)
    told = _asked(host)

    assert told == {"guests": {}, "strays": [STRANGER], "cached": {}}


def test_usage_is_of_guests_that_are_on(host: Host) -> None:
    on, off = host.running(), host.change(host.running(), Event.STOP)
    host.steps["power_off"](off.id)
    usage = answers.answers(host.settings, host.db, host.driver, host.folders)["usage"]

    assert set(usage("")) == {on.id}
    assert usage(on.id)[on.id]["memory_kib"] == on.memory_mib << 10
    assert usage(off.id) == {}
