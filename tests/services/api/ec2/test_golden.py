"""Whole answers are as the reviewed files say, to the byte."""

import pytest

from tests.services.api.ec2 import golden


@pytest.mark.parametrize("name", golden.ANSWERS)
def test_an_answer_is_as_it_was_reviewed(cloud, name):
    expected = (golden.FOLDER / f"{name}.xml").read_text()

    assert golden.text(golden.ANSWERS[name](cloud)) == expected
