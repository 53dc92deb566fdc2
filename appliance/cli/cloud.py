"""`novabox up`, `down`, `reset`, `migrate`: the life of the cloud."""

import argparse
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from appliance import config, credentials, errors, log, supervisor

if TYPE_CHECKING:
    from argparse import _SubParsersAction

_READY_S: Final = 60.0  # a fresh cloud takes about three seconds; this is a machine in trouble


def add_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this module's commands to the parser."""
    up = commands.add_parser("up", help="start the cloud, in the foreground")
    up.add_argument("-d", "--detach", action="store_true", help="start it and return when it is up")
    up.add_argument("--prepared", action="store_true", help=argparse.SUPPRESS)
    up.set_defaults(run=_up)
    down = commands.add_parser("down", help="stop the cloud; guests are shut down and kept")
    down.set_defaults(run=_down)
    reset = commands.add_parser("reset", help="stop the cloud and leave nothing of it on this host")
    reset.add_argument("-y", "--yes", action="store_true", help="do not ask")
    reset.set_defaults(run=_reset)
    migrate = commands.add_parser("migrate", help="bring the database to this version")
    migrate.set_defaults(run=_migrate)


def _up(arguments: argparse.Namespace) -> int:
    settings = config.load()
    _require_root()
    if supervisor.find(settings):
        print(f"The cloud in {settings.home} is up already.")
        return 0
    if arguments.detach:
        return start_detached(settings)
    log.start(settings.log_level)
    if not arguments.prepared:
        prepare(settings)
    supervisor.Supervisor(settings, _names(settings), shared=supervisor.SHARED).run()
    return 0


def _names(settings: config.Settings) -> tuple[str, ...]:
    own = (supervisor.LIBVIRTD,) if supervisor.needs_libvirtd(settings) else ()
    return own + supervisor.SERVICES


def prepare(settings: config.Settings) -> None:
    """Make the state folder and what a first start needs, schema included; harmless when there.

    The first start prints the passwords that it made, this once, for whoever started it: they go
    into no log, and are kept in root's file.
    """
    is_first = not credentials.path(settings).exists()
    settings.home.mkdir(mode=0o755, parents=True, exist_ok=True)
    settings.etc_dir.mkdir(mode=0o700, exist_ok=True)
    if supervisor.run_once(settings, "services.api", "bootstrap") != 0:
        raise errors.Unavailable("the first start could not prepare the database; see above")
    if is_first:
        print("\n".join(_first_words(settings)), flush=True)


def _first_words(settings: config.Settings) -> list[str]:
    logins = [credentials.read(settings, user) for user in credentials.PEOPLE]
    return [
        "First start. These passwords were made, and are shown this once:",
        *(f"  {one.user:<6} {one.password}   in project {one.project}" for one in logins),
        f"They are kept in {credentials.path(settings)}, which root alone may read; "
        "`novabox env` prints them for a shell.",
    ]


def start_detached(settings: config.Settings) -> int:
    """Start `novabox up` in the background and wait until every part of it answers.

    What a first start says it says here, not into the log. Raises Unavailable, naming the parts
    that do not answer and where their log is.
    """
    prepare(settings)
    folder = settings.home / "log"
    folder.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    with (folder / "supervisor.log").open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "appliance.cli", "up", "--prepared"],
            env=os.environ | {"NOVABOX_HOME": str(settings.home)},
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    waiting = list(supervisor.SERVICES)
    while waiting:
        left = supervisor.waiting_for(settings, supervisor.SERVICES)
        for name in waiting:
            if name not in left:
                print(f"● {name:<10} up after {time.monotonic() - began:4.1f} s", flush=True)
        waiting = left
        if process.poll() is not None or time.monotonic() - began > _READY_S:
            raise errors.Unavailable(
                f"{', '.join(waiting)} did not come up; read {folder}/supervisor.log "
                f"and {folder}/{waiting[0] if waiting else 'api'}.log"
            )
        time.sleep(0.05)
    print(f"The cloud is up: {settings.api_url}, state in {settings.home}")
    return 0


def _down(arguments: argparse.Namespace) -> int:
    settings = config.load()
    stopped = supervisor.stop(settings)
    print("The cloud is down; `novabox up` starts it again." if stopped else "It was not up.")
    return 0


def _reset(arguments: argparse.Namespace) -> int:
    settings = config.load()
    _require_root()
    if not arguments.yes and not _confirmed(settings):
        print("Nothing was changed.")
        return 1
    supervisor.stop(settings)
    # each works without the others, and without a database: whatever happened before
    failed = [
        service
        for service in ("compute", "volume", "network")
        if supervisor.run_once(settings, f"services.{service}", "clear") != 0
    ]
    if failed:
        raise errors.HostError(f"{' and '.join(failed)} left something behind; see above")
    shutil.rmtree(settings.home, ignore_errors=False, onerror=_gone_is_fine)
    print(f"Nothing of the cloud is left: {settings.home} is deleted.")
    return 0


def _gone_is_fine(function: object, path: str, info: tuple[type, BaseException, object]) -> None:
    if not isinstance(info[1], FileNotFoundError):
        raise info[1]


def _confirmed(settings: config.Settings) -> bool:
    print(f"This deletes every instance, volume, image and object in {settings.home}.")
    return sys.stdin.isatty() and input("Type RESET to go on: ") == "RESET"


def _migrate(arguments: argparse.Namespace) -> int:
    from appliance.db import migrations  # sqlite-utils is 8 MiB that `up` need not keep

    steps = migrations.migrate(config.load().home)
    print("\n".join(f"applied {step}" for step in steps) or "The database is up to date.")
    return 0


def _require_root() -> None:
    if os.geteuid() != 0:
        raise errors.Forbidden("bridges, taps and guests need root: run it with sudo")
