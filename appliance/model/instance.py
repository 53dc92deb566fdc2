"""An instance (the OpenStack API says server) and the fault that explains its ERROR."""

from dataclasses import dataclass

from appliance import errors, ids
from appliance.model import states


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One row of `instances`. The flavor is kept as it was when the instance was made."""

    id: ids.InstanceId
    name: str
    project_id: ids.ProjectId
    user_id: ids.UserId
    reservation_id: str
    launch_index: int
    image_id: ids.ImageId | None
    kernel_id: ids.ImageId | None
    ramdisk_id: ids.ImageId | None
    flavor_id: str
    flavor_name: str
    vcpus: int
    memory_mib: int
    disk_gib: int
    key_name: str | None
    public_key: str | None
    user_data: str | None  # base64, as both APIs send it
    has_config_drive: int
    zone: str  # asked for; empty: any
    host: str | None
    vm_state: states.VmState
    task_state: states.TaskState | None
    power_state: int
    created_at: str
    updated_at: str
    launched_at: str | None
    deleted_at: str | None
    request_id: ids.RequestId  # that last changed it: what a worker goes on with after a crash
    hop_id: ids.HopId | None
    claim_owner: str | None
    claim_expires_at: str | None
    attempts: int

    @property
    def state(self) -> states.State:
        """Its place in `states.TRANSITIONS`."""
        return states.State(self.vm_state, self.task_state)

    @property
    def hostname(self) -> str:
        """A name that DNS allows, made of the instance's own."""
        kept = "".join(c if c.isalnum() and c.isascii() else "-" for c in self.name.lower())
        return kept.strip("-")[:63] or f"host-{self.id[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why an instance went to ERROR: the newest is shown, all are kept."""

    instance_id: ids.InstanceId
    code: int
    message: str
    details: str
    request_id: str
    created_at: str
    reasons: tuple[errors.Reason, ...] = ()
