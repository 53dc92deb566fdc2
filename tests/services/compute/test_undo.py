from appliance import ids
from appliance.model.states import PowerState
from services.compute import undo
from tests.services.compute.host import Host


def test_shutdown_leaves_rows_and_the_next_up_starts_what_ran(host: Host) -> None:
    host.reconciler.look()
    instance = host.running()
    before = host.now(instance)
    undo.shutdown(host.settings, host.driver)
    assert host.driver.power_state(instance.id) is PowerState.SHUTDOWN
    assert host.now(instance) == before

    host.booted("boot-1").look()  # the same boot of the host: it was the cloud that was down
    host.take_due()
    assert host.driver.power_state(instance.id) is PowerState.RUNNING


def test_clear_removes_every_guest(host: Host) -> None:
    host.running()
    host.running()
    undo.clear(host.settings, host.driver)

    assert dict(host.driver.guests()) == {}


def test_a_pid_file_of_a_process_that_is_not_its_qemu_kills_nobody(host: Host) -> None:
    folder = host.settings.home / "qemu"
    folder.mkdir()
    (folder / f"nbx-{ids.new_uuid()}.pid").write_text("1\n")
    (folder / f"nbx-{ids.new_uuid()}.pid").write_text("4194304\n")

    undo.kill_orphans(folder)
