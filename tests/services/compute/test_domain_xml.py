"""Golden: what libvirt is told. `just regenerate` rewrites the files; the diff is reviewed."""

import os
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from appliance import ids
from appliance.model.volume import Target
from services.compute import domain_xml
from services.compute.driver import Boot, Disk, GuestSpec, Nic, VolumeDisk

GOLDEN = Path(__file__).parents[2] / "golden" / "domain_xml"
FULL = GuestSpec(
    instance_id=ids.InstanceId("6f70656e-7374-4163-8b6e-6f7661626f78"),
    vcpus=2,
    memory_mib=512,
    console_log=Path("/srv/nbx/console.log"),
    disk=Disk(path=Path("/srv/nbx/disk")),
    config_drive=Path("/srv/nbx/config.iso"),
    nics=(Nic(tap="nbx-t-00000001", mac="fa:16:3e:00:00:01", mtu=1500),),
    metadata={"name": 'web <1> & "two"', "project": "p1"},
)
KERNEL = replace(
    FULL,
    boot=Boot(kernel=Path("/srv/k"), ramdisk=Path("/srv/r"), cmdline="root=/dev/vda a=<b>"),
    config_drive=None,
    nics=(),
)
VOLUME = VolumeDisk(
    volume_id=ids.VolumeId("766f6c75-6d65-4163-8b6e-6f7661626f78"),
    target=Target(address="127.0.0.1", port=3261, iqn="iqn.2010-10.org.novabox:v", lun=1),
    initiator="iqn.2010-10.org.novabox:host:box1",
    username="nbx-attached",
    password="nobody is to see it",
    device="vda",
)
VOLUMES = replace(FULL, disk=None, nics=(), volumes=(VOLUME,))


@pytest.mark.parametrize(
    ("name", "spec", "virt_type"),
    [
        ("disk-qemu", FULL, "qemu"),
        ("disk-kvm", FULL, "kvm"),
        ("kernel-qemu", KERNEL, "qemu"),
        ("volume-qemu", VOLUMES, "qemu"),
    ],
)
def test_the_xml_is_the_reviewed_one(name: str, spec: GuestSpec, virt_type: str) -> None:
    element = ElementTree.fromstring(domain_xml.domain(spec, virt_type=virt_type, owner="/srv"))
    ElementTree.indent(element)
    text = ElementTree.tostring(element, encoding="unicode") + "\n"
    path = GOLDEN / f"{name}.xml"
    if os.environ.get("NOVABOX_REGENERATE"):
        path.write_text(text)

    assert path.read_text() == text


def test_a_users_words_stay_words() -> None:
    """Markup and what XML cannot hold come back as text; nothing of it becomes an element."""
    name = "</name><devices/>\x00\x1b\ud800&"
    xml = domain_xml.domain(
        replace(FULL, metadata={"name": name}), virt_type="qemu", owner="a\x07b"
    )
    root = ElementTree.fromstring(xml)
    (item,) = root.iter(f"{{{domain_xml.NAMESPACE}}}item")

    assert item.text == "</name><devices/>\ufffd\ufffd\ufffd&"
    assert len(root.findall("devices")) == 1


def test_the_owner_is_read_back() -> None:
    root = ElementTree.fromstring(domain_xml.domain(FULL, virt_type="test", owner="/srv/cloud"))
    instance = root.find(f"metadata/{{{domain_xml.NAMESPACE}}}instance")
    assert instance is not None

    assert domain_xml.owner_of(ElementTree.tostring(instance, encoding="unicode")) == "/srv/cloud"


def test_volumes_are_found_again_and_passwords_are_nowhere() -> None:
    xml = domain_xml.domain(VOLUMES, virt_type="qemu", owner="/srv")
    found = domain_xml.volumes_of(xml)

    assert found == {VOLUME.volume_id: domain_xml.volume(VOLUME)}
    assert "nobody is to see it" not in xml + repr(VOLUME)


def test_a_secret_says_whose_it_is() -> None:
    xml = domain_xml.secret(VOLUME.volume_id, owner="/srv/<1>")
    usage = domain_xml.secret_usage(VOLUME.volume_id)

    assert domain_xml.owner_of_secret(xml) == "/srv/<1>"
    assert domain_xml.volume_of_secret(usage) == VOLUME.volume_id
    assert domain_xml.volume_of_secret("somebody-elses") is None
