"""A short run of the fuzzer, in this process; `just fuzz` is the long one."""

import dataclasses
import itertools
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config
from services.api import identity, image, verbs
from services.identity.api import Identity
from tests.fuzz import routes, samples
from tests.fuzz.fuzzing import Answered, Asked, Fuzzer
from tests.services.api import clouds
from tests.services.api.clouds import Cloud
from tests.services.api.conftest import first_start

__all__ = ["first_start"]  # a fixture of the APIs' tests

REQUESTS = 5000


@pytest.fixture
def cloud(settings: config.Settings, first_start: tuple[Path, dict[str, str]]) -> Iterator[Cloud]:
    """A cloud whose images lie in a folder: no object store runs."""
    image = dataclasses.replace(settings.image, store="file", stores=("file",))
    template, tokens = first_start
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    made = clouds.opened(dataclasses.replace(settings, image=image), tokens)
    yield made
    made.db.close()


@pytest.fixture
def known(cloud: Cloud) -> tuple[routes.Route, ...]:
    users = Identity(cloud.settings, cloud.db)
    asked = verbs.build(cloud.settings, cloud.db, cloud.topics, users)
    return routes.of(
        identity.face(cloud.settings, cloud.db, users), image.face(cloud.settings, asked.images)
    )


@pytest.fixture
def fuzzer(cloud: Cloud, known) -> Iterator[Fuzzer]:
    def ask(asked: Asked) -> Answered:
        began = time.monotonic()
        headers = {name: value.encode("latin-1") for name, value in asked.headers.items()}
        answer = cloud.client.request(
            asked.method, asked.url, headers=headers, content=asked.body, follow_redirects=False
        )
        return Answered(
            status=answer.status_code, body=answer.content, seconds=time.monotonic() - began
        )

    return Fuzzer(known, ask, tokens=cloud.tokens, seed=2010)


def test_every_route_with_a_body_has_a_sample(known):
    decoding = {each.name for each in known if each.body is not None}

    assert decoding == samples.BODIES.keys()


def test_no_request_is_answered_by_a_failure(fuzzer: Fuzzer):
    found = [one for one in itertools.islice(fuzzer.run(), REQUESTS) if one is not None]

    assert not found, "\n".join(str(one) for one in found)
    statuses = fuzzer.asked_by_status
    assert sum(statuses[status] for status in (200, 201, 202, 204)) > REQUESTS // 8, statuses
