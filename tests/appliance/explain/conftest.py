"""Evidence of a cloud that a test makes."""

import pytest

from appliance import config, queue, trace
from appliance.db import connection
from appliance.explain.explanation import Evidence


@pytest.fixture
def evidence(settings: config.Settings, db: connection.Database, topics: queue.Queue) -> Evidence:
    queues = queue.Administration(settings=settings, topics=topics)
    return Evidence(settings=settings, db=db, queues=queues, log=trace.Log(settings.home))
