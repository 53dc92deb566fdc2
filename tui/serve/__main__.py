"""``python -m tui.serve``: the arguments, the certificate, the port, and a clean end."""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import logging
import os
import signal
import socket
import ssl
import sys
import tempfile
from pathlib import Path
from typing import Final

from aiohttp import web

from tui.client import credentials
from tui.client.errors import ClientError
from tui.serve import certificate
from tui.serve.offer import Offer
from tui.serve.process import why_not_confined
from tui.serve.site import Site

_SHUTDOWN_S: Final = 10.0  # every tab was asked, told and killed by then


class Unservable(Exception):
    """What is asked for cannot be served; the text says why and what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; return the exit status."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    try:
        tls = _tls(options)
        _check(options, is_tls=tls is not None)
        offer = _offer(options, is_tls=tls is not None)
    except (Unservable, ClientError, OSError) as error:
        print(f"serve: {error}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="novabox-serve-") as homes:
        Path(homes).chmod(0o711)  # each login's folder in it is its own
        try:
            asyncio.run(_serve(Site(offer, homes=Path(homes)), options, tls))
        except OSError as error:
            print(f"serve: {error}", file=sys.stderr)
            return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(
        prog="novabox serve",
        description="The terminal UI in a browser, for those who can log in to the cloud.",
        epilog="Nothing is fetched from outside. A login ends after 12 hours, or after 30 minutes "
        "without a tab; the processes behind closed tabs end at once.",
    )
    top.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    top.add_argument("--port", type=int, default=8900, help="port (%(default)s); 0: any free one")
    top.add_argument("--tls-cert", type=Path, metavar="FILE", help="certificate chain, PEM")
    top.add_argument("--tls-key", type=Path, metavar="FILE", help="its key, if not in that file")
    top.add_argument(
        "--tls-self-made", action="store_true",
        help="make a certificate for this machine, keep it, and print its fingerprint",
    )  # fmt: skip
    top.add_argument(
        "--plain", action="store_true",
        help="beyond this machine without TLS: passwords can then be read on the way",
    )  # fmt: skip
    top.add_argument(
        "--public-url", default="", metavar="URL",
        help="where browsers find it, when a proxy stands in front",
    )  # fmt: skip
    top.add_argument("--sessions-max", type=int, default=16, metavar="N",
                     help="tabs altogether, 35 MiB each (%(default)s)")  # fmt: skip
    top.add_argument(
        "--same-user", action="store_true",
        help="where root serves: sessions run as root too, not each under a number of its own",
    )  # fmt: skip
    top.add_argument("--auth-url", help="the cloud's identity service (default: OS_AUTH_URL)")
    top.add_argument("--cloud", help="the cloud of clouds.yaml whose address that is")
    top.add_argument("--project", default="", help="the project that the login page proposes")
    top.add_argument("--read-only", action="store_true", help="sessions can look and not touch")
    top.add_argument("--theme", help="the theme that sessions begin with")
    return top


def _tls(options: argparse.Namespace) -> ssl.SSLContext | None:
    cert, key = options.tls_cert, options.tls_key
    if options.tls_self_made:
        if cert:
            raise Unservable("--tls-self-made and --tls-cert are two certificates: choose one")
        cert = _state_dir() / "serve.pem"
        hosts = sorted({"localhost", "127.0.0.1", "::1", socket.gethostname(), *_own(options.host)})
        print(f"certificate {cert}\n  SHA-256 {certificate.ensure(cert, hosts)}", flush=True)
    if cert is None:
        if key:
            raise Unservable("--tls-key needs --tls-cert")
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as error:
        raise Unservable(f"{cert}: not a certificate with its key ({error})") from error
    return context


def _own(host: str) -> list[str]:
    return [] if host in ("", "0.0.0.0", "::") else [host]  # noqa: S104 - compared, not bound


def _state_dir() -> Path:
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "novabox"


def _check(options: argparse.Namespace, *, is_tls: bool) -> None:
    """Raise Unservable for what would be unsafe, or would fail at every tab."""
    if not (is_tls or options.plain or _is_loopback(options.host)):
        raise Unservable(
            f"{options.host} is beyond this machine: add --tls-cert FILE, --tls-self-made, "
            "or --plain if passwords may be read on the way"
        )
    if not options.same_user and (why := why_not_confined()):
        raise Unservable(
            f"a session cannot start without root's rights: let everybody read {sys.prefix}, or "
            "serve as an ordinary user, or say --same-user if whoever logs in may read what root "
            f"can ({why})"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _offer(options: argparse.Namespace, *, is_tls: bool) -> Offer:
    auth_url, project = options.auth_url or os.environ.get("OS_AUTH_URL", ""), options.project
    if options.cloud:
        who = credentials.find(os.environ, cloud=options.cloud)
        auth_url, project = who.auth_url, project or who.project_name
        if who.ca_file:
            os.environ["OS_CACERT"] = who.ca_file
        if who.is_insecure:
            os.environ["OS_INSECURE"] = "true"
    if not auth_url:
        raise Unservable("which cloud? say --auth-url URL or --cloud NAME")
    more = ["--read-only"] if options.read_only else []
    more += ["--theme", options.theme] if options.theme else []
    return Offer(
        auth_url=auth_url.rstrip("/"), project=project, tabs_max=options.sessions_max,
        is_tls=is_tls, is_confined=not options.same_user, public_url=options.public_url,
        tui_options=tuple(more),
    )  # fmt: skip


async def _serve(site: Site, options: argparse.Namespace, tls: ssl.SSLContext | None) -> None:
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    runner = web.AppRunner(site.application(), access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    try:
        listener = web.TCPSite(runner, options.host, options.port, ssl_context=tls)
        await listener.start()
        port = runner.addresses[0][1]
        host = f"[{options.host}]" if ":" in options.host else options.host
        print(f"serving {'https' if tls else 'http'}://{host}:{port}  (Ctrl-C ends it)", flush=True)
        await over.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
