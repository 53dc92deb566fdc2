from collections.abc import Iterator

import pytest

from tests import client, cloud
from tests.crash import crashing as clouds


@pytest.fixture(scope="module")
def crashing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[clouds.Crashing]:
    """A cloud for one file of tests."""
    if reason := cloud.missing():
        pytest.skip(reason)
    with clouds.running(tmp_path_factory.mktemp("crash")) as made:
        yield made


@pytest.fixture(scope="module")
def demo(crashing: clouds.Crashing) -> client.Client:
    return client.Client(crashing.settings)


@pytest.fixture(scope="module")
def image_id(demo: client.Client) -> str:
    body = {"name": "disk", "disk_format": "raw", "container_format": "bare"}
    made = demo("POST", "/image/v2/images", body).body["id"]
    path = f"/image/v2/images/{made}/file"
    put = demo("PUT", path, b"\0" * (1 << 20), kind="application/octet-stream")
    assert put.status == 204, put
    return str(made)
