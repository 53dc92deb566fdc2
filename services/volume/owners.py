"""What the instance that a volume belongs to is about: whether it still waits, or is gone."""

from appliance import errors
from appliance.db import connection, instances
from appliance.model.instance import Instance
from appliance.model.states import TaskState, VmState


def find(db: connection.Reader, instance_id: str | None) -> Instance | None:
    """The instance that still is, or is to be; None when nobody waits for the volume any more.

    A launch that failed waits for nothing, though its row stays for its owner to read.
    """
    if instance_id is None:
        return None
    try:
        instance = instances.get(db, instance_id)
    except errors.NotFound:
        return None
    has_failed = instance.vm_state is VmState.ERROR and instance.launched_at is None
    return None if has_failed or instance.vm_state is VmState.DELETED else instance


def is_in_build(instance: Instance | None) -> bool:
    """Whether the instance cannot start before it has its volumes."""
    return (
        instance is not None
        and instance.vm_state is VmState.BUILDING
        and instance.task_state is not TaskState.DELETING
    )
