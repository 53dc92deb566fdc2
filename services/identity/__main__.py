"""Make the users and keys of a new cloud: `python -m services.identity bootstrap`."""

import argparse

from appliance import config, log
from appliance.db import connection, migrations
from services.identity import api


def main() -> None:
    """Prepare the cloud in NOVABOX_HOME; may run twice."""
    parser = argparse.ArgumentParser(prog="python -m services.identity")
    parser.add_argument("verb", choices=["bootstrap"], help="make what a new cloud lacks")
    parser.parse_args()
    settings = config.load()
    log.start(settings.log_level)
    migrations.migrate(settings.home)
    api.bootstrap(settings, connection.open_db(settings.home))


if __name__ == "__main__":
    main()
