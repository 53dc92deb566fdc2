from collections.abc import Iterator

import pytest

from tests.services.api.cloud.console_box import Box
from tests.services.api.clouds import Cloud


@pytest.fixture
def box(cloud: Cloud) -> Iterator[Box]:
    """A console that may be followed and typed into."""
    made = Box(cloud)
    made.boot()
    yield made
    made.close()
