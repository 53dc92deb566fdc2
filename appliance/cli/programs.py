"""`novabox doctor`, `demo`, `tui`, `console`, `serve`, `image …`: programs of their own.

They are started by name: this package imports nothing of services, storage or tui.
"""

import argparse
import os
import shlex
import sys
from typing import TYPE_CHECKING

from appliance import config, credentials, errors, supervisor
from appliance.cli import cloud

if TYPE_CHECKING:
    from argparse import _SubParsersAction


def add_commands(commands: "_SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add this module's commands to the parser."""
    checks = commands.add_parser("doctor", help="is this machine ready to be a cloud?")
    change = checks.add_mutually_exclusive_group()
    change.add_argument(
        "--fix", nargs="?", const="*", metavar="CHECK", help="apply the one-line fixes, or just one"
    )
    change.add_argument(
        "--undo", nargs="?", const="*", metavar="CHECK", help="take back what fixes did, or one"
    )
    checks.add_argument("--json", action="store_true", help="for scripts")
    checks.set_defaults(run=_doctor)
    demo = commands.add_parser("demo", help="from nothing to a guest that answers ssh")
    demo.add_argument("--json", action="store_true", help="print the timings as JSON at the end")
    demo.set_defaults(run=_demo)
    tui = commands.add_parser(
        "tui", help="the terminal UI",
        epilog="Its own options may follow: --cloud NAME, --glyphs unicode|tty|ascii, "
        "--screen NAME, --screenshot FILE.svg.",
    )  # fmt: skip
    tui.add_argument("--user", default="demo", choices=["demo", "admin"], help="who logs in")
    tui.set_defaults(run=_tui, takes_more=True)
    serve = commands.add_parser("serve", help="the terminal UI in a browser", add_help=False)
    serve.set_defaults(run=_serve, takes_more=True)
    image = commands.add_parser("image", help="images").add_subparsers(required=True)
    tiny = image.add_parser(
        "build-tiny", help="build ami-tiny, a real Linux of under 20 MB", add_help=False
    )
    tiny.set_defaults(run=_build_tiny, takes_more=True)
    for name, purpose in (
        ("catalog", "well-known cloud images, and which are here"),
        ("fetch", "bring well-known images into the cloud, verified"),
    ):
        told = image.add_parser(name, help=purpose, add_help=False)
        told.add_argument("--user", choices=["admin", "demo"])
        told.set_defaults(run=_catalog, takes_more=True, command=name)
    for name, purpose in (
        ("explain", "why something is in error, or what it waits for"),
        ("capacity", "who has the room, what still fits, quotas, forecast"),
        ("plan", "what running, attaching or deleting would do"),
        ("journal", "who did what, and what can still be undone"),
        ("undo", "take back what was done last, or an entry of the journal"),
        ("redo", "do again what was undone last"),
    ):
        asked = commands.add_parser(name, help=purpose, add_help=False)
        asked.add_argument("--user", choices=["admin", "demo"])
        asked.set_defaults(run=_tell, takes_more=True, command=name)
    console = commands.add_parser("console", help="a guest's serial console", add_help=False)
    console.add_argument("--user", choices=["admin", "demo"])
    console.set_defaults(run=_console, takes_more=True)
    token = commands.add_parser("token", help="tokens").add_subparsers(required=True)
    rotate = token.add_parser(
        "rotate-keys", help="seal tokens with a new key from now on",
        description="Seal tokens with a new key from now on. Running processes take it up at once; "
        "a token lives on while its key is among the newest identity.fernet_keys_max. Secrets at "
        "rest have keys of their own, which stay.",
    )  # fmt: skip
    rotate.add_argument("--json", action="store_true", help="for scripts")
    rotate.set_defaults(run=_rotate_keys)


def _doctor(arguments: argparse.Namespace) -> int:
    from appliance import doctor

    if arguments.undo:
        return doctor.undo(config.load(), arguments.undo)
    return doctor.run(config.load(), fix=arguments.fix, as_json=arguments.json)


def _demo(arguments: argparse.Namespace) -> int:
    """Check the machine, start the cloud, and do the main job through its public APIs."""
    from appliance import doctor

    settings = config.load()
    if doctor.run(settings, fix=doctor.ALL) != 0:
        raise errors.Unavailable("this machine is not ready: mend the red lines above")
    if supervisor.find(settings) is None:
        cloud.start_detached(settings)
    return _exec(
        settings, "demo",
        "tui.demo", "--keys", str(settings.home / "demo"),
        *(["--json"] if arguments.json else []),
        "--build-tiny", sys.executable, "-m", "services.image.tiny",
    )  # fmt: skip


def _tui(arguments: argparse.Namespace) -> int:
    """The terminal UI: of another cloud, of this one, or, where none is up, of setting one up."""
    settings = config.load()
    if any(one == "--cloud" or one.startswith("--cloud=") for one in arguments.more):
        return _exec(settings, None, "tui", *arguments.more)
    if supervisor.is_up(settings):
        return _exec(settings, arguments.user, "tui", *arguments.more)
    novabox = shlex.join([sys.executable, "-m", "appliance.cli"])
    return _exec(
        settings, None, "tui", "--welcome", novabox, "--user", arguments.user, *arguments.more
    )


def _serve(arguments: argparse.Namespace) -> int:
    """Serve this machine's cloud, unless the options or the environment name another."""
    settings = config.load()
    os.environ.setdefault("OS_AUTH_URL", f"{settings.api_url}/identity/v3")
    return _exec(settings, None, "tui.serve", *arguments.more)


def _build_tiny(arguments: argparse.Namespace) -> int:
    return _exec(config.load(), None, "services.image.tiny", *arguments.more)


def _catalog(arguments: argparse.Namespace) -> int:
    """Who cannot log in is told so by the command itself: it lists, and helps, without a cloud."""
    return _asking(arguments, "tui.catalog")


def _tell(arguments: argparse.Namespace) -> int:
    is_own = arguments.command in ("undo", "redo")  # what one did is undone as who did it
    return _asking(arguments, "tui.tell", otherwise="demo" if is_own else "admin")


def _console(arguments: argparse.Namespace) -> int:
    settings = config.load()
    user = _user(settings, arguments.user, otherwise="demo")
    return _exec(settings, user, "tui.console", *arguments.more)


def _asking(arguments: argparse.Namespace, module: str, *, otherwise: str = "admin") -> int:
    """Run it as that user of this machine's cloud, unless `--user` or the environment says who."""
    settings = config.load()
    user = _user(settings, arguments.user, otherwise=otherwise)
    return _exec(settings, user, module, arguments.command, *arguments.more)


def _user(settings: config.Settings, chosen: str | None, *, otherwise: str) -> str | None:
    """Who was chosen; None: whom the environment names; else `otherwise`, if we know passwords."""
    if chosen or any(os.environ.get(name) for name in ("OS_CLOUD", "OS_AUTH_URL")):
        return chosen
    return otherwise if os.access(credentials.path(settings), os.R_OK) else None


def _rotate_keys(arguments: argparse.Namespace) -> int:
    options = ["--json"] if arguments.json else []
    return _exec(config.load(), None, "services.identity", "rotate-keys", *options)


def _exec(settings: config.Settings, user: str | None, module: str, *options: str) -> int:
    """Become `python -m MODULE OPTIONS`, logged in as `user` by the OS_* variables."""
    variables = credentials.openstack_environment(settings, user) if user else {}
    if user:
        variables["OS_CLOUD"] = ""  # it would count more than they do
    environment = os.environ | variables | {"NOVABOX_HOME": str(settings.home)}
    sys.stdout.flush()
    os.execve(  # noqa: S606 - no shell is what we want
        sys.executable, [sys.executable, "-m", module, *options], environment
    )
