"""The shapes are those of the botocore that is locked, and none that nobody serves."""

from services.api.ec2 import shapes
from tests.services.api.ec2 import model


def test_the_shapes_are_botocores():
    assert shapes.PATH.read_text() == model.text(), "run `just regenerate` and read the diff"


def test_the_notice_is_kept():
    assert "Apache License 2.0" in shapes.table().notice
