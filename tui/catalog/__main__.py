"""``python -m tui.catalog``: arguments, results, exit status."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from tui import glyphs, quantities
from tui.catalog import entries, fetching, table
from tui.catalog.download import Source
from tui.catalog.entries import Entry
from tui.catalog.failure import CatalogError, CatalogInvalid
from tui.catalog.fetching import Fetched, Wish
from tui.catalog.progress import Teller
from tui.catalog.shelf import Shelf
from tui.client import credentials
from tui.client.errors import ClientError, CredentialsMissing, Unreachable
from tui.client.openstack import StoredImage
from tui.client.publisher import Publisher
from tui.client.session import Session
from tui.widgets.spans import clean

_FLAVOR = "m1.small"  # the smallest that has room for each of them
_UP = """\
  `novabox up` starts the cloud of this machine, which root may ask;
  --cloud NAME asks one of your clouds.yaml."""


def main(arguments: list[str] | None = None) -> int:
    """List or fetch; return 0, 1 when something failed, 2 when misused, 130 when interrupted."""
    options = parser().parse_args(arguments)
    try:
        known = entries.load(options.catalog)
        return int(options.run(options, known))
    except CatalogInvalid as error:
        _tell_failure(error)
        return 2
    except (CatalogError, ClientError) as error:
        _tell_failure(error)
        return 1
    except BrokenPipeError:
        return 1
    except KeyboardInterrupt:
        return 130
    except asyncio.CancelledError:
        return 128 + signal.SIGTERM


def parser() -> argparse.ArgumentParser:
    """Both commands; the reference shows their help too."""
    top = argparse.ArgumentParser(prog="novabox image", description="Well-known cloud images.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    catalog = commands.add_parser(
        "catalog",
        description="List well-known cloud images, and which of them are in the cloud.",
    )
    catalog.set_defaults(run=_catalog)
    fetch = commands.add_parser(
        "fetch",
        description="Download images from their publishers, check them against the publishers' "
        "checksums, and put them into the cloud. One that is there already is left alone. What was "
        "cut off goes on where it stopped.",
        epilog="Example: novabox image fetch debian-12",
    )
    fetch.add_argument("names", nargs="+", metavar="NAME", help="as `novabox image catalog` lists")
    fetch.add_argument(
        "--name", dest="image_name", metavar="IMAGE", help="what to call the image (one NAME only)"
    )
    seen = fetch.add_mutually_exclusive_group()
    seen.add_argument(
        "--public", dest="visibility", action="store_const", const="public",
        help="for every project (what an admin's are)",
    )  # fmt: skip
    seen.add_argument(
        "--private", dest="visibility", action="store_const", const="private",
        help="for one's own project (what others' are)",
    )  # fmt: skip
    fetch.add_argument("--force", action="store_true", help="fetch it though it is there")
    fetch.add_argument("--keep-file", action="store_true", help="keep the downloaded file, too")
    fetch.add_argument(
        "--cache", type=Path, metavar="DIR",
        help="where downloads wait (NOVABOX_HOME/cache/images, or ~/.cache/novabox/images)",
    )  # fmt: skip
    fetch.set_defaults(run=_fetch)
    for each in (catalog, fetch):
        each.add_argument(
            "--catalog", type=Path, metavar="FILE",
            help=f"entries of one's own, over the shipped ones ({entries.OWN})",
        )  # fmt: skip
        # `novabox` takes this one out, and logs that user in
        each.add_argument(
            "--user", choices=("admin", "demo"), help="who asks the cloud of this machine (admin)"
        )
        each.add_argument("--cloud", metavar="NAME", help="another cloud, of clouds.yaml")
        each.add_argument("--json", action="store_true", help="for scripts")
    return top


def _catalog(options: argparse.Namespace, known: dict[str, Entry]) -> int:
    try:
        who = credentials.find(os.environ, cloud=options.cloud)
        images, reason = asyncio.run(_images(who)), None
    except ClientError as error:
        images, reason = None, error
    if options.json:
        print(json.dumps(table.document(known, images), indent=2))
    else:
        print("\n".join(table.lines(known.values(), images)))
    if reason:
        sys.stdout.flush()
        _tell_failure(reason, before="\nWhat is in the cloud is not known")
    return 0


async def _images(who: credentials.Credentials) -> list[StoredImage]:
    async with Session(who) as session:
        return await fetching.known(session)


def _fetch(options: argparse.Namespace, known: dict[str, Entry]) -> int:
    wanted = entries.choose(known, options.names)
    if options.image_name and len(wanted) > 1:
        raise CatalogInvalid("--name is for one image at a time")
    who = credentials.find(os.environ, cloud=options.cloud)
    wish = Wish(
        name=options.image_name, visibility=options.visibility, force=options.force,
        keep_file=options.keep_file,
    )  # fmt: skip
    place = Shelf(options.cache or _cache(os.environ.get("NOVABOX_HOME", "")))
    teller = Teller(sys.stderr)
    try:
        results = asyncio.run(
            _fetch_all(who, wanted, wish=wish, place=place, teller=teller, as_json=options.json)
        )
    except (KeyboardInterrupt, asyncio.CancelledError):
        teller.say("Stopped. Nothing of it is in the cloud.", style="yellow")
        if kept_bytes := sum(place.kept_bytes(entry) for entry in wanted):
            kept = quantities.size(kept_bytes)
            teller.say(f"{kept} are kept in {place.folder}: the same command goes on from there.")
        raise
    if options.json:
        print(json.dumps({"images": [_document(*each) for each in results]}, indent=2))
    return 0 if all(isinstance(result, Fetched) for _, result in results) else 1


async def _fetch_all(
    who: credentials.Credentials,
    wanted: list[Entry],
    *,
    wish: Wish,
    place: Shelf,
    teller: Teller,
    as_json: bool,
) -> list[tuple[Entry, Fetched | Exception]]:
    """Fetch them one by one; one that fails is told, and the others are fetched all the same."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    results: list[tuple[Entry, Fetched | Exception]] = []
    async with Session(who) as session, Publisher() as publisher:
        await session.log_in()  # a cloud that is down is said before anything is downloaded
        source = Source(publisher=publisher)
        for entry in wanted:
            try:
                done = await fetching.fetch(
                    session, source, entry, wish=wish, place=place, teller=teller
                )
                results.append((entry, done))
                if not as_json:
                    _print(done)
            except (CatalogError, ClientError) as error:
                results.append((entry, error))
                _tell_failure(error)
    return results


def _print(done: Fetched) -> None:
    sign = glyphs.choose("auto", os.environ).good
    image, name = done.image, clean(done.image.name or "")
    verb = "is in the cloud" if done.is_new else "is there already"
    lines = [f"{sign} {done.entry.name} {verb}: {quantities.size(image.size)}, {image.visibility}"]
    lines += [f"  image {image.id}"]
    if done.is_new:
        lines += [f"  openstack server create --image {name} --flavor {_FLAVOR} \\"]
        lines += ["      --key-name KEY NAME"]
        lines += [f"  ssh {done.entry.user}@ADDRESS"]
    if done.kept:
        lines += [f"  the file: {done.kept}"]
    print("\n".join(lines), flush=True)


def _document(entry: Entry, result: Fetched | Exception) -> dict[str, Any]:
    if isinstance(result, Fetched):
        return result.document()
    return {"entry": entry.name, "status": "failed", "reason": str(result)}


def _tell_failure(error: Exception, *, before: str = "novabox") -> None:
    """Say what is wrong, in red; servers' words in it move no cursor."""
    teller = Teller(sys.stderr)
    for line in f"{before}: {_advised(error)}".split("\n"):
        teller.say(line, style="red")


def _advised(error: Exception) -> str:
    """Return what is wrong, and how to come to a cloud where there is none."""
    if isinstance(error, CredentialsMissing) and "OS_AUTH_URL" in str(error):
        return f"there is no cloud that we may ask.\n{_UP}"
    return f"{error}\n{_UP}" if isinstance(error, Unreachable) else str(error)


def _cache(home: str) -> Path:
    """Return the cloud's folder where it is ours to write, else one of the user's own."""
    if home and os.access(home, os.W_OK):
        return Path(home) / "cache" / "images"
    own = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(own) / "novabox" / "images"


if __name__ == "__main__":
    sys.exit(main())
