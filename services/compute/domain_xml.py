"""Pure: a GuestSpec as libvirt's domain XML, and what we ask of XML libvirt gives back.

Source: libvirt.org/formatdomain. Knows no connection and no file's content.
"""

import re
from typing import Final
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from appliance.ids import PREFIX, VolumeId
from services.compute.driver import Boot, Disk, GuestSpec, Nic, VolumeDisk

NAMESPACE: Final = "urn:novabox:instance:1"  # of our element in <metadata>
NAMESPACE_PREFIX: Final = "nbx"

_TB_CACHE_MIB: Final = 128  # QEMU's own default grows to 1 GiB a guest, far over its memory
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ElementTree.register_namespace(NAMESPACE_PREFIX, NAMESPACE)


def domain(spec: GuestSpec, *, virt_type: str, owner: str) -> str:
    """The domain's XML; `virt_type` is kvm, qemu or test, `owner` names the cloud it belongs to."""
    root = Element("domain", type=virt_type)
    _text(root, "name", spec.name)
    _text(root, "uuid", spec.instance_id)
    _metadata(root, spec, owner)
    _text(root, "memory", str(spec.memory_mib), unit="MiB")
    _text(root, "vcpu", str(spec.vcpus))
    _machine(root, spec, virt_type)
    devices = SubElement(root, "devices")
    if spec.disk:
        _disk(devices, spec.disk, target="vda")
    for each in spec.volumes:
        devices.append(_volume(each))
    if spec.config_drive:
        drive = Disk(path=spec.config_drive, format="raw")
        SubElement(_disk(devices, drive, target="vdz"), "readonly")
    for nic in spec.nics:
        _interface(devices, nic)
    _console(devices, spec)
    return ElementTree.tostring(root, encoding="unicode")


def owner_of(metadata: str) -> str | None:
    """The `owner` written by `domain` into our <metadata> element, or None if it is not ours."""
    element = ElementTree.fromstring(metadata)  # noqa: S314 (libvirt's own answer)
    return element.get("owner")


def volume(disk: VolumeDisk) -> str:
    """The disk alone, as it is plugged into a guest. It names the secret, and has no password."""
    return ElementTree.tostring(_volume(disk), encoding="unicode")


def volumes_of(domain_xml: str) -> dict[VolumeId, str]:
    """The volumes in a domain's XML by id, each as libvirt wrote it."""
    found = {}
    for element in ElementTree.fromstring(domain_xml).iterfind("devices/disk"):  # noqa: S314
        source, serial = element.find("source"), element.findtext("serial")
        if source is not None and source.get("protocol") == "iscsi" and serial:
            found[VolumeId(serial)] = ElementTree.tostring(element, encoding="unicode")
    return found


def secret(volume_id: VolumeId, *, owner: str) -> str:
    """The secret for the volume's password; its value is set apart from it."""
    root = Element("secret", ephemeral="yes", private="yes")
    _text(root, "description", owner)
    _text(SubElement(root, "usage", type="iscsi"), "target", secret_usage(volume_id))
    return ElementTree.tostring(root, encoding="unicode")


def secret_usage(volume_id: VolumeId) -> str:
    """By what the volume's disk names its secret."""
    return f"{PREFIX}-{volume_id}"


def volume_of_secret(usage: str) -> VolumeId | None:
    """The volume that `secret_usage` was made of; None for what is not ours."""
    prefix = f"{PREFIX}-"
    return VolumeId(usage.removeprefix(prefix)) if usage.startswith(prefix) else None


def owner_of_secret(xml: str) -> str | None:
    """The `owner` that `secret` wrote."""
    return ElementTree.fromstring(xml).findtext("description")  # noqa: S314 (libvirt's own answer)


def _metadata(root: Element, spec: GuestSpec, owner: str) -> None:
    metadata = SubElement(root, "metadata")
    instance = SubElement(metadata, f"{{{NAMESPACE}}}instance", owner=_clean(owner))
    for key, value in sorted(spec.metadata.items()):
        SubElement(instance, f"{{{NAMESPACE}}}item", name=_clean(key)).text = _clean(value)


def _machine(root: Element, spec: GuestSpec, virt_type: str) -> None:
    # cloud-init looks for an OpenStack cloud only where the DMI product says so
    system = SubElement(SubElement(root, "sysinfo", type="smbios"), "system")
    for name, value in (
        ("manufacturer", "OpenStack Foundation"),
        ("product", "OpenStack Nova"),
        ("serial", spec.instance_id),
        ("uuid", spec.instance_id),
        ("family", "Virtual Machine"),
    ):
        _text(system, "entry", value, name=name)
    os = SubElement(root, "os")
    # the test driver has machines of its own; of the real ones, pc starts quickest
    machine = {} if virt_type == "test" else {"arch": "x86_64", "machine": "pc"}
    _text(os, "type", "hvm", **machine)
    if spec.boot:
        _boot(os, spec.boot)
    SubElement(os, "smbios", mode="sysinfo")
    features = SubElement(root, "features")
    SubElement(features, "acpi")  # without it no power button and no PCI hot plug
    SubElement(features, "apic")
    if virt_type == "qemu":
        _text(SubElement(features, "tcg"), "tb-cache", str(_TB_CACHE_MIB), unit="MiB")
    if virt_type == "kvm":
        SubElement(root, "cpu", mode="host-passthrough", check="none")
    SubElement(root, "clock", offset="utc")
    _text(root, "on_poweroff", "destroy")
    _text(root, "on_reboot", "restart")
    _text(root, "on_crash", "destroy")


def _boot(os: Element, boot: Boot) -> None:
    _text(os, "kernel", str(boot.kernel))
    if boot.ramdisk:
        _text(os, "initrd", str(boot.ramdisk))
    if boot.cmdline:
        _text(os, "cmdline", boot.cmdline)


def _disk(devices: Element, disk: Disk, *, target: str) -> Element:
    element = SubElement(devices, "disk", type="file", device="disk")
    SubElement(element, "driver", name="qemu", type=disk.format, discard="unmap")
    SubElement(element, "source", file=str(disk.path))
    SubElement(element, "target", dev=target, bus="virtio")
    return element


def _volume(disk: VolumeDisk) -> Element:
    element = Element("disk", type="network", device="disk")
    # no cache: what the guest was told is on the disk must not be lost with QEMU
    SubElement(element, "driver", name="qemu", type="raw", cache="none", discard="unmap")
    where = disk.target
    source = SubElement(element, "source", protocol="iscsi", name=f"{where.iqn}/{where.lun}")
    SubElement(source, "host", name=where.address, port=str(where.port))
    auth = SubElement(source, "auth", username=disk.username)
    SubElement(auth, "secret", type="iscsi", usage=secret_usage(disk.volume_id))
    SubElement(SubElement(source, "initiator"), "iqn", name=disk.initiator)
    SubElement(element, "target", dev=disk.device, bus="virtio")
    _text(element, "serial", disk.volume_id)
    return element


def _interface(devices: Element, nic: Nic) -> None:
    element = SubElement(devices, "interface", type="ethernet")
    SubElement(element, "mac", address=nic.mac)
    SubElement(element, "target", dev=nic.tap, managed="no")
    SubElement(element, "model", type="virtio")
    SubElement(element, "mtu", size=str(nic.mtu))


def _console(devices: Element, spec: GuestSpec) -> None:
    serial = SubElement(devices, "serial", type="pty")
    # appended to: `console.trim` may cut the file while QEMU holds it
    SubElement(serial, "log", file=str(spec.console_log), append="on")
    SubElement(serial, "target", port="0")
    rng = SubElement(devices, "rng", model="virtio")  # ssh host keys are made at the first boot
    _text(rng, "backend", "/dev/urandom", model="random")
    SubElement(devices, "controller", type="usb", model="none")
    SubElement(devices, "memballoon", model="none")


def _text(parent: Element, tag: str, text: str, **attributes: str) -> None:
    SubElement(parent, tag, attributes).text = _clean(text)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
