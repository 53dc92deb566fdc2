"""What is done to identity from a terminal: `python -m services.identity bootstrap|rotate-keys`."""

import argparse
import json
import sys

from appliance import config, errors, log
from appliance.db import connection, migrations
from services.identity import api, keys


def main() -> int:
    """Do it in the cloud of NOVABOX_HOME; 1 when that failed, with the reason on stderr."""
    parser = argparse.ArgumentParser(prog="python -m services.identity")
    verbs = parser.add_subparsers(required=True)
    made = verbs.add_parser("bootstrap", help="make what a new cloud lacks; may run twice")
    made.set_defaults(run=_bootstrap)
    rotated = verbs.add_parser("rotate-keys", help="seal tokens with a new key from now on")
    rotated.add_argument("--json", action="store_true", help="for scripts")
    rotated.set_defaults(run=_rotate_keys)
    arguments = parser.parse_args()
    try:
        settings = config.load()
        log.start(settings.log_level)
        arguments.run(settings, arguments)
    except errors.NovaboxError as error:
        print(f"novabox: {error}", file=sys.stderr)
        return 1
    return 0


def _bootstrap(settings: config.Settings, _: argparse.Namespace) -> None:
    migrations.migrate(settings.home)
    api.bootstrap(settings, connection.open_db(settings.home))


def _rotate_keys(settings: config.Settings, arguments: argparse.Namespace) -> None:
    most = settings.identity.fernet_keys_max
    done = keys.rotate(settings.etc_dir, keep=most)
    path = keys.tokens_path(settings.etc_dir)
    if arguments.json:
        told = {"file": str(path), "keys": done.kept, "keys_max": most, "dropped": done.dropped}
        print(json.dumps(told))
        return
    print(f"A new key seals tokens from now on; {path} keeps {done.kept} of at most {most}.")
    if done.dropped:
        print(
            f"Tokens sealed with the {done.dropped} oldest are refused: who has one logs in again."
        )


if __name__ == "__main__":
    sys.exit(main())
