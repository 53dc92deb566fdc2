"""Whole bodies are as the reviewed files say."""

import pytest

from tests.services.api import golden


@pytest.mark.parametrize("name", golden.BODIES)
def test_a_body_is_as_it_was_reviewed(cloud, name):
    expected = (golden.FOLDER / f"{name}.json").read_text()

    assert golden.text(golden.BODIES[name](cloud)) == expected
