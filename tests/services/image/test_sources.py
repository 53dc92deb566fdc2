"""A location names one object of one container, and never leads out of an account."""

import pytest

from appliance import errors
from services.image import sources


@pytest.mark.parametrize(
    ("text", "container", "name"),
    [
        ("images/disk.qcow2", "images", "disk.qcow2"),
        ("/images/disk.qcow2", "images", "disk.qcow2"),
        ("s3://images/disk.qcow2", "images", "disk.qcow2"),
        ("images/2010/disk.manifest.xml", "images", "2010/disk.manifest.xml"),
        ("images/a disk, plänet.img", "images", "a disk, plänet.img"),
    ],
)
def test_the_forms_that_clients_send_are_read(text: str, container: str, name: str):
    location = sources.parse(text)

    assert (location.container, location.name) == (container, name)
    assert location.is_manifest == name.endswith(".manifest.xml")


@pytest.mark.parametrize(
    "text",
    [
        "", "/", "images", "images/", "//disk", "../AUTH_other/images/disk", "images/../disk",
        "images/./disk", "images//disk", "images/disk/..", "http://host/images/disk",
        "images/" + "x" * 1025, "x" * 257 + "/disk",
    ],
)  # fmt: skip
def test_what_leads_elsewhere_is_refused(text: str):
    with pytest.raises(errors.BadRequest, match="Invalid image location"):
        sources.parse(text)


def test_parts_lie_beside_their_manifest():
    manifest = sources.parse("images/2010/disk.manifest.xml")

    assert str(manifest.beside("disk.part.0")) == "images/2010/disk.part.0"
    assert str(sources.parse("images/disk.manifest.xml").beside("part")) == "images/part"


@pytest.mark.parametrize("filename", ["../disk", "/etc/passwd", "a/b", "", ".", ".."])
def test_a_part_whose_name_is_a_path_is_refused(filename: str):
    with pytest.raises(errors.BadRequest, match="no file's name"):
        sources.parse("images/disk.manifest.xml").beside(filename)
