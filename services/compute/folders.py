"""Where the compute worker keeps things in the cloud's folder. Knows only names."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from appliance.ids import InstanceId
from services.compute import console


@dataclass(frozen=True, slots=True)
class Folders:
    """Paths below `$NOVABOX_HOME/compute`; QEMU's user must be able to pass all above it."""

    root: Path

    @property
    def images(self) -> Path:
        """The image cache."""
        return self.root / "images"

    @property
    def instances(self) -> Path:
        """One folder an instance, named by its id."""
        return self.root / "instances"

    @property
    def boot_mark(self) -> Path:
        """Holds the id of the host's boot during which this worker last saw its guests."""
        return self.root / "boot_id"

    def make(self, instance_id: InstanceId) -> None:
        """Make the instance's folder if it is missing."""
        (self.instances / instance_id).mkdir(mode=0o711, parents=True, exist_ok=True)

    def disk(self, instance_id: InstanceId) -> Path:
        """Its root disk."""
        return self.instances / instance_id / "disk"

    def config_drive(self, instance_id: InstanceId) -> Path:
        """Its config drive."""
        return self.instances / instance_id / "config.iso"

    def console_log(self, instance_id: InstanceId) -> Path:
        """What its serial console printed."""
        return self.instances / instance_id / console.NAME

    def remove(self, instance_id: InstanceId) -> None:
        """Remove all of the instance's files; none is fine."""
        folder = self.instances / instance_id
        if folder.exists():
            shutil.rmtree(folder)

    def kept(self) -> set[InstanceId]:
        """Ids of the instances that have files here."""
        if not self.instances.exists():
            return set()
        return {InstanceId(path.name) for path in self.instances.iterdir()}
