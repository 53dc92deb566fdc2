"""`python -m tests.tempest [regex]`: Tempest against clouds of its own; passed, failed, skipped.

What skips on the first cloud is run on the second, which has more image stores.

Without a regex all areas are run and the page `docs/reference/conformance.md` is written from the
results. `--check` (what the suite runs) writes no page. Ends with 1 when a goal is not met: see
`results.AREAS`; with a regex, when a test failed.
"""

import argparse
import contextlib
import importlib.metadata
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from appliance import credentials
from tests import cloud as clouds
from tests.tempest import results, settings

PAGE: Final = Path(__file__).parents[2] / "docs/reference/conformance.md"
# the areas that are run when nobody says which
GOALS: Final = ("identity", "image", "object_storage")
# what Tempest's object-storage tests may expect of /info; those of other features skip
_SWIFT_FEATURES: Final = (
    "slo,dlo,tempurl,formpost,bulk_upload,bulk_delete,container_quotas,account_quotas,staticweb,"
    "symlink,versioned_writes"
)
_RUN_TIMEOUT_S: Final = 3000.0


def main(argv: list[str]) -> int:
    """Run what is asked for and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.tempest", description=__doc__)
    parser.add_argument("regex", nargs="?", help="run only tests whose names match")
    parser.add_argument("--check", action="store_true", help="write no page")
    parser.add_argument("--keep", action="store_true", help="leave Tempest's log, and say where")
    asked = parser.parse_args(argv)
    if reason := clouds.missing():
        print(f"tempest: skipped: {reason}")
        return 0
    regex = asked.regex or "|".join(re.escape(results.AREAS[area][0]) for area in GOALS)
    folder = Path(tempfile.mkdtemp(prefix="nbx-tempest-", dir="/var/tmp"))
    found: list[results.Result] = []
    try:
        for number, (name, stores) in enumerate(settings.STORES.items()):
            if number and not (regex := results.skipped_classes(found)):
                break
            own = folder / str(number)
            print(f"tempest: a cloud with {name}, in {own}", flush=True)
            with _cloud(own, stores) as cloud:
                found = results.merged(found, _run(cloud, own, regex, len(stores)))
    finally:
        if asked.keep:
            print(f"tempest: its logs are in {folder}")
        else:
            shutil.rmtree(folder)
    _tell(found)
    if asked.regex:
        return 1 if any(one.outcome == "failed" for one in found) else 0
    if not asked.check:
        PAGE.write_text(results.page(found, version=importlib.metadata.version("tempest")))
    lacking = results.shortfalls(found)
    print("\n".join(lacking))
    return 1 if lacking else 0


@contextlib.contextmanager
def _cloud(folder: Path, stores: Sequence[str]) -> Iterator[clouds.Cloud]:
    """A cloud that is up, with the roles Tempest looks for, and files to be imported beside it."""
    cloud = clouds.Cloud(settings.cloud(stores))
    files = folder / "files"
    files.mkdir(parents=True)
    (files / "image.raw").write_bytes(bytes(range(256)) * 4096)
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", files / "image.qcow2", "1M"], check=True
    )
    server = subprocess.Popen(
        ["ip", "netns", "exec", cloud.namespace, sys.executable, "-m", "http.server", "--bind",
         "127.0.0.1", "--directory", str(files), str(settings.FILES_PORT)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        cloud.up()
        cloud.openstack("role", "create", "--or-show", "ResellerAdmin", user="admin")
        yield cloud
    finally:
        server.terminate()
        server.wait(10)
        cloud.close()


def _run(cloud: clouds.Cloud, folder: Path, regex: str, store_count: int) -> list[results.Result]:
    login = credentials.read(cloud.settings, "admin")
    (folder / "etc").mkdir()
    values = {
        "user": login.user, "password": login.password, "project": login.project,
        "identity_url": f"{cloud.settings.api_url}/identity/v3", "swift_features": _SWIFT_FEATURES,
        "has_stores": str(store_count > 1).lower(),
    }  # fmt: skip
    (folder / "etc/tempest.conf").write_text(settings.document(folder, values))
    package = importlib.metadata.distribution("tempest").locate_file("tempest")
    (folder / ".stestr.conf").write_text(
        f"[DEFAULT]\ntest_path={package}/test_discover\ntop_dir={Path(str(package)).parent}\n"
        "group_regex=([^\\.]*\\.)*\n"
    )
    tempest = [str(clouds.BIN / "tempest"), "run", "--config-file", "etc/tempest.conf"]
    _in(cloud, folder, [str(clouds.BIN / "stestr"), "init"])
    listed = _in(cloud, folder, [str(clouds.BIN / "stestr"), "list", regex]).stdout.splitlines()
    names = [line for line in listed if line.startswith("tempest.")]
    if not names:
        sys.exit(f"tempest: no test is called {regex!r}")
    print(f"tempest: {len(names)} tests", flush=True)
    began = time.monotonic()
    _in(cloud, folder, [*tempest, "--concurrency", "2", "--regex", regex], stream=True)
    print(f"tempest: {time.monotonic() - began:.0f} s", flush=True)
    last = subprocess.run(
        [clouds.BIN / "stestr", "last", "--subunit"], cwd=folder, capture_output=True, check=False
    ).stdout
    (folder / "last.subunit").write_bytes(last)
    with (folder / "last.subunit").open("rb") as stream:
        return results.completed(results.read(stream), names)


def _in(
    cloud: clouds.Cloud, folder: Path, argv: list[str], *, stream: bool = False
) -> subprocess.CompletedProcess[str]:
    """Run a program where the cloud is; with `stream` what it prints is seen at once."""
    pipes = None if stream else subprocess.PIPE
    return subprocess.run(
        ["ip", "netns", "exec", cloud.namespace, *argv],
        cwd=folder, stdout=pipes, stderr=pipes, text=True, timeout=_RUN_TIMEOUT_S, check=False,
    )  # fmt: skip


def _tell(found: list[results.Result]) -> None:
    print(f"\n{'area':<16}{'tests':>7}{'passed':>8}{'failed':>8}{'skipped':>9}  core")
    for area, count, passed, failed, skipped, core_passed, core_count in results.table(found):
        print(f"{area:<16}{count:>7}{passed:>8}{failed:>8}{skipped:>9}  {core_passed}/{core_count}")
    for one in found:
        if one.outcome == "failed":
            print(f"✗ {one.id}\n  {one.reason}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
