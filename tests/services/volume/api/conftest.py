import pytest

from appliance import config
from appliance.db import connection
from tests.services.volume.api.requests import Api


@pytest.fixture
def api(settings: config.Settings, db: connection.Database) -> Api:
    return Api(settings, db)
