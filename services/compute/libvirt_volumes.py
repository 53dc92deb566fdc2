"""Volumes of a domain through libvirt, and their passwords as secrets that exist only meanwhile.

A secret is ephemeral and private: libvirtd keeps it in memory and shows it to nobody. A process
killed in the middle of a call leaves one: the next call for that volume, or `sweep`, removes it.
"""

import contextlib
import logging
import threading
from collections.abc import Iterable, Iterator
from typing import Any, Final

import libvirt

from appliance.errors import HypervisorError
from appliance.ids import InstanceId, VolumeId
from services.compute import domain_xml
from services.compute.driver import VolumeDisk, domain_name
from services.compute.libvirt_connection import find

log = logging.getLogger(__name__)

_ISCSI: Final = libvirt.VIR_SECRET_USAGE_TYPE_ISCSI
_LIVE: Final = libvirt.VIR_DOMAIN_AFFECT_LIVE
_CONFIG: Final = libvirt.VIR_DOMAIN_AFFECT_CONFIG


class Secrets:
    """The secrets of the cloud `owner`, in the hands of this process; safe for threads."""

    def __init__(self, owner: str) -> None:
        self._owner = owner
        self._lock = threading.Lock()
        self._in_use: set[VolumeId] = set()

    @contextlib.contextmanager
    def defined(self, connection: Any, volumes: Iterable[VolumeDisk]) -> Iterator[None]:
        """Have libvirt know the volumes' passwords while the block runs."""
        with contextlib.ExitStack() as undo:
            for volume in volumes:
                with self._lock:
                    self._in_use.add(volume.volume_id)
                undo.callback(self._drop, connection, volume.volume_id)
                _undefine(connection, volume.volume_id)
                xml = domain_xml.secret(volume.volume_id, owner=self._owner)
                connection.secretDefineXML(xml).setValue(volume.password.encode())
            yield

    def sweep(self, connection: Any) -> None:
        """Remove those that a killed process left."""
        for secret in connection.listAllSecrets():
            with self._lock:
                usage = secret.usageID()
                volume_id = domain_xml.volume_of_secret(usage)
                if volume_id is None or volume_id in self._in_use:
                    continue
                if domain_xml.owner_of_secret(secret.XMLDesc()) == self._owner:
                    log.warning("secret %s: left by a process that was killed; removed", usage)
                    _undefine(connection, volume_id)

    def _drop(self, connection: Any, volume_id: VolumeId) -> None:
        try:
            _undefine(connection, volume_id)
        except libvirt.libvirtError as error:  # libvirtd died, and the secret with it
            log.warning("volume %s: its secret is left for the sweep: %s", volume_id, error)
        with self._lock:
            self._in_use.discard(volume_id)


def attach(
    connection: Any, instance_id: InstanceId, volume: VolumeDisk, *, secrets: Secrets
) -> None:
    """Add the volume to the running guest and to its definition, wherever it is not yet."""
    domain = find(connection, instance_id)
    if domain is None:
        raise HypervisorError(
            f"volume {volume.volume_id}: no domain {domain_name(instance_id)} to attach it to",
            tried={"verb": "attach", "domain": domain_name(instance_id)},
        )
    flags = 0
    if domain.isActive() and volume.volume_id not in _live(domain):
        flags |= _LIVE
    if volume.volume_id not in _config(domain):
        flags |= _CONFIG
    if flags:
        with secrets.defined(connection, [volume]):
            domain.attachDeviceFlags(domain_xml.volume(volume), flags)


def is_plugged(connection: Any, instance_id: InstanceId, volume_id: VolumeId) -> bool:
    """Whether a running guest has the volume."""
    domain = find(connection, instance_id)
    return domain is not None and domain.isActive() and volume_id in _live(domain)


def unplug(connection: Any, instance_id: InstanceId, volume_id: VolumeId) -> None:
    """Ask the running guest to let go of the volume; libvirt does not wait until it did."""
    domain = find(connection, instance_id)
    if domain is not None and domain.isActive():
        xml = _live(domain).get(volume_id)
        if xml is not None:
            domain.detachDeviceFlags(xml, _LIVE)


def forget(connection: Any, instance_id: InstanceId, volume_id: VolumeId) -> None:
    """Take the volume out of the domain's definition."""
    domain = find(connection, instance_id)
    xml = _config(domain).get(volume_id) if domain is not None else None
    if xml is not None:
        domain.detachDeviceFlags(xml, _CONFIG)


def volumes(connection: Any, instance_id: InstanceId) -> frozenset[VolumeId]:
    """The volumes that the guest has, or is to have at its next start if it is off."""
    domain = find(connection, instance_id)
    if domain is None:
        return frozenset()
    return frozenset(_live(domain) if domain.isActive() else _config(domain))


def _live(domain: Any) -> dict[VolumeId, str]:
    return domain_xml.volumes_of(domain.XMLDesc())


def _config(domain: Any) -> dict[VolumeId, str]:
    return domain_xml.volumes_of(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))


def _undefine(connection: Any, volume_id: VolumeId) -> None:
    try:
        connection.secretLookupByUsage(_ISCSI, domain_xml.secret_usage(volume_id)).undefine()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_SECRET:
            raise
