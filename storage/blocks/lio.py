"""Exports by LIO, the kernel's own iSCSI target. The only import of rtslib.

Its state is the kernel's (configfs), gone after a reboot. Targets are found by name; of the
host's other targets it touches none.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from rtslib_fb import (
    LUN,
    TPG,
    BlockStorageObject,
    FabricModule,
    FileIOStorageObject,
    MappedLUN,
    NetworkPortal,
    NodeACL,
    RTSLibError,
    RTSRoot,
    Target,
)

from storage.blocks import lock
from storage.blocks.errors import BlockError
from storage.blocks.export import IQN_PREFIX, Export, Shown

DISK: Final = 0
_OBJECT: Final = "nbx-"  # prefix of our storage objects
_ADAPTERS: Final = ("fileio_", "iblock_")  # the folder of each storage object in configfs
_RESERVATIONS: Final = Path("/etc/target/pr")  # where the kernel keeps persistent reservations
_ATTRIBUTES: Final = {
    "authentication": "1",  # CHAP, or no login
    "generate_node_acls": "0",  # nobody but the one initiator
}


def missing() -> str:
    """Why this host has no LIO; empty when it has."""
    try:
        _root()
    except (RTSLibError, OSError) as error:  # OSError: a kernel without modules
        return f"the kernel has no LIO ({error})"
    return ""


class Lio:
    """Exporter by the kernel; `folder` holds only the lock."""

    def __init__(self, folder: Path, *, address: str, port: int) -> None:
        self._folder = folder
        self._address = address
        self._port = port

    def start(self) -> None:
        """Have the kernel's modules; they stay."""
        with self._kernel("start"):
            pass

    def show(self, export: Export) -> Shown:
        """Have the target; its portal group is enabled when all else is there."""
        with self._kernel("show", export):
            if not self._is_shown(export):
                self._remove(export.volume_id)
                self._make(export)
        return Shown(lun=DISK, path=export.path)

    def withdraw(self, volume_id: str) -> None:
        """Remove target and storage object; the kernel closes sessions when it is disabled."""
        with self._kernel(f"withdraw {volume_id}"):
            self._remove(volume_id)

    def shown(self) -> Mapping[str, Shown]:
        """The targets that are enabled."""
        with self._kernel("list"):
            return {
                str(target.wwn).removeprefix(IQN_PREFIX): Shown(
                    lun=DISK, path=Path(str(_disk(group).udev_path))
                )
                for target in self._targets()
                for group in target.tpgs
                if group.enable
            }

    def sessions(self, volume_id: str) -> tuple[str, ...]:
        """The initiators' names."""
        with self._kernel(f"list sessions of {volume_id}"):
            return tuple(
                str(acl.node_wwn)
                for target in self._targets(volume_id)
                for group in target.tpgs
                for acl in group.node_acls
                if acl.session
            )

    def stop(self) -> None:
        """Remove all that is ours."""
        with self._kernel("stop"):
            for target in self._targets():
                target.delete()
            self._remove_objects()

    @cached_property
    def _root(self) -> Any:
        return _root()  # each look for the modules takes long

    @contextmanager
    def _kernel(self, verb: str, export: Export | None = None) -> Iterator[None]:
        what = f"{verb} {export.volume_id} ({export.path})" if export else verb
        try:
            with lock.held(self._folder):
                self._root.invalidate_caches()  # another process may have changed things
                yield
        except (RTSLibError, OSError) as error:
            raise BlockError(f"LIO: cannot {what}: {error}") from error

    def _targets(self, volume_id: str = "") -> list[Any]:
        return [
            target
            for target in self._root.targets
            if target.fabric_module.name == "iscsi"
            and target.wwn.startswith(IQN_PREFIX)
            and target.wwn.endswith(volume_id)
        ]

    def _is_shown(self, export: Export) -> bool:
        return any(
            group.enable
            and str(_disk(group).udev_path) == str(export.path)
            and [(acl.node_wwn, acl.chap_userid, acl.chap_password) for acl in group.node_acls]
            == [(export.initiator, export.username, export.password)]
            for target in self._targets(export.volume_id)
            for group in target.tpgs
        )

    def _make(self, export: Export) -> None:
        disk = _storage_object(export)
        target = Target(FabricModule("iscsi"), export.iqn, mode="create")
        group = TPG(target, 1, mode="create")
        for name, value in _ATTRIBUTES.items():
            group.set_attribute(name, value)
        NetworkPortal(group, self._address, self._port, mode="create")
        lun = LUN(group, DISK, disk)
        acl = NodeACL(group, export.initiator, mode="create")
        acl.chap_userid = export.username
        acl.chap_password = export.password
        MappedLUN(acl, DISK, lun)
        group.enable = True

    def _remove(self, volume_id: str) -> None:
        for target in self._targets(volume_id):
            target.delete()
        self._remove_objects(volume_id)

    def _remove_objects(self, volume_id: str = "") -> None:
        """Remove storage objects, which hold their files open, with or without a target."""
        for disk in list(self._root.storage_objects):
            if disk.name.startswith(_OBJECT) and disk.name.endswith(volume_id):
                disk.delete()
        for adapter in Path(self._root.path, "core").glob("*_*"):
            if adapter.name.startswith(_ADAPTERS) and not any(map(Path.is_dir, adapter.iterdir())):
                adapter.rmdir()  # rtslib was killed before it made the storage object, or after


def _root() -> Any:
    if Path("/proc/modules").exists():
        _RESERVATIONS.mkdir(parents=True, exist_ok=True)  # rtslib warns without it
    return RTSRoot()


def _storage_object(export: Export) -> Any:
    """Make what the kernel calls a backstore; the volume's id is its serial number.

    Without `write_back` the kernel answers a write to a file when it is on the disk (O_DSYNC),
    and passes a guest's flush on: what a guest flushed survives power loss. A block device has
    its own cache, and gets the guest's flushes.
    """
    name = f"{_OBJECT}{export.volume_id}"
    path = str(export.path)
    if export.path.is_block_device():
        return BlockStorageObject(name, path, wwn=export.volume_id, write_back=False)
    size_bytes = export.path.stat().st_size
    return FileIOStorageObject(name, path, size_bytes, wwn=export.volume_id, write_back=False)


def _disk(group: Any) -> Any:
    return next(iter(group.luns)).storage_object
