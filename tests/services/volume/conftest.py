import pytest

from appliance import config
from appliance.db import connection
from tests.services.volume.host import Host


@pytest.fixture
def host(settings: config.Settings, db: connection.Database) -> Host:
    return Host(settings, db)
