"""OpenStack Swift on this machine, for comparison: one device, one replica, two workers a server.

Its packages go into a virtual environment of their own that is kept between runs; its rings,
configuration and data into the folder it is given. It stands as its sample configuration does
(proxy-server.conf-sample of Swift 2.38), with tempauth, less what another site would be needed for.
"""

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance import errors
from tests import cloud

VERSION: Final = "2.38.3"
ENVIRONMENT: Final = Path("/var/tmp") / f"nbx-bench-swift-{VERSION}"
WORKERS: Final = 2
DEADLINE_S: Final = 60.0
_SERVERS: Final = ("account", "container", "object", "proxy")
_PIPELINE: Final = (
    "catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk tempurl ratelimit"
    " tempauth copy container-quotas account-quotas slo dlo versioned_writes symlink proxy-logging"
    " proxy-server"
)
_FILTERS: Final = {
    "listing_formats": "listing_formats", "catch_errors": "catch_errors",
    "gatekeeper": "gatekeeper", "healthcheck": "healthcheck", "proxy-logging": "proxy_logging",
    "cache": "memcache", "bulk": "bulk", "tempurl": "tempurl", "ratelimit": "ratelimit",
    "tempauth": "tempauth", "copy": "copy", "container-quotas": "container_quotas",
    "account-quotas": "account_quotas", "slo": "slo", "dlo": "dlo",
    "versioned_writes": "versioned_writes", "symlink": "symlink",
}  # fmt: skip
_FILL: Final = """
import sys
from swift.container.backend import ContainerBroker
from swift.common.utils import Timestamp
(path, count), now = sys.argv[1:3], Timestamp.now()
broker = ContainerBroker(path)
rows = ({"name": f"o{n:08d}", "created_at": now.internal, "size": 4096,
         "content_type": "application/octet-stream", "etag": "0" * 32, "deleted": 0,
         "storage_policy_index": 0, "ctype_timestamp": None, "meta_timestamp": None}
        for n in range(int(count)))
batch = []
for row in rows:
    batch.append(row)
    if len(batch) == 20000:
        broker.merge_items(batch)
        batch = []
broker.merge_items(batch)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A Swift that answers. `pids` are all of its processes, memcached included."""

    address: tuple[str, int]
    path: str  # /v1/AUTH_test
    token: str
    folder: Path
    parents: tuple[int, ...]

    @property
    def pids(self) -> list[int]:
        """Every process of it now."""
        return [pid for parent in self.parents for pid in (parent, *_children(parent))]

    def fill(self, container: str, count: int) -> None:
        """Write `count` rows into a container's database, as its servers would in days."""
        found = list((self.folder / "d1/containers").rglob("*.db"))
        for database in found:
            info = _run("swift-container-info", str(database), check=False)
            if f"Container: {container}\n" in info:
                _run("python", "-c", _FILL, str(database), str(count))
                return
        raise errors.NotFound("container", container)


def missing() -> str:
    """What the machine lacks for it, as a sentence; empty when nothing."""
    lacking = [] if shutil.which("memcached") else ["memcached"]
    if not any(Path("/usr/lib").rglob("liberasurecode.so.1")):
        lacking.append("liberasurecode1")
    return f"OpenStack Swift needs: apt-get install {' '.join(lacking)}" if lacking else ""


@contextlib.contextmanager
def running(folder: Path) -> Iterator[Peer]:
    """Run Swift in `folder` for the block. Raises Unavailable when the machine lacks something."""
    if reason := missing():
        raise errors.Unavailable(reason)
    _install()
    ports = dict(zip((*_SERVERS, "memcached"), cloud.free_ports(5), strict=True))
    _configure(folder, ports)
    with contextlib.ExitStack() as stack, (folder / "log").open("ab") as log:
        cache = ["memcached", "-u", "root", "-U", "0", "-l", "127.0.0.1", "-p"]
        commands = [[*cache, str(ports["memcached"])]]
        commands += [[_bin(f"swift-{n}-server"), str(folder / f"{n}.conf")] for n in _SERVERS]
        parents = []
        for command in commands:
            process = subprocess.Popen(command, stdout=log, stderr=log)
            stack.callback(_stop, process)
            parents.append(process.pid)
        address = ("127.0.0.1", ports["proxy"])
        path, token = _login(address, folder)
        yield Peer(address=address, path=path, token=token, folder=folder, parents=tuple(parents))


def _install() -> None:
    """Make the environment, whole or not at all."""
    if Path(_bin("swift-proxy-server")).exists():
        return
    shutil.rmtree(ENVIRONMENT, ignore_errors=True)
    uv = str(Path(sys.executable).parent / "uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, ENVIRONMENT], check=True)
    python = str(ENVIRONMENT / "bin/python")
    subprocess.run(
        [uv, "pip", "install", "-q", "--python", python, f"swift=={VERSION}"], check=True
    )


def _configure(folder: Path, ports: dict[str, int]) -> None:
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = bench\n")
    (folder / "d1").mkdir()
    for name in ("account", "container", "object"):
        builder = str(folder / f"{name}.builder")
        _run("swift-ring-builder", builder, "create", "8", "1", "1")
        _run("swift-ring-builder", builder, "add", f"r1z1-127.0.0.1:{ports[name]}/d1", "1")
        _run("swift-ring-builder", builder, "rebalance")
        (folder / f"{name}.conf").write_text(
            f"{_default(folder, ports[name])}devices = {folder}\nmount_check = false\n"
            f"[pipeline:main]\npipeline = {name}-server\n"
            f"[app:{name}-server]\nuse = egg:swift#{name}\n"
        )
    filters = "".join(f"[filter:{n}]\nuse = egg:swift#{egg}\n" for n, egg in _FILTERS.items())
    user = "user_test_tester = testing .admin\n"
    filters = filters.replace("egg:swift#tempauth\n", f"egg:swift#tempauth\n{user}")
    servers = f"memcache_servers = 127.0.0.1:{ports['memcached']}\n"
    filters = filters.replace("egg:swift#memcache\n", f"egg:swift#memcache\n{servers}")
    (folder / "proxy.conf").write_text(
        f"{_default(folder, ports['proxy'])}[pipeline:main]\npipeline = {_PIPELINE}\n{filters}"
        "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n"
    )


def _default(folder: Path, port: int) -> str:
    return (
        f"[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = {port}\nworkers = {WORKERS}\nuser = root\n"
        f"swift_dir = {folder}\nlog_level = WARNING\n"
    )


def _login(address: tuple[str, int], folder: Path) -> tuple[str, str]:
    """Wait until it answers; the path of the account and a token."""
    who = {"X-Storage-User": "test:tester", "X-Storage-Pass": "testing"}
    deadline = time.monotonic() + DEADLINE_S
    while True:
        client = http.client.HTTPConnection(*address, timeout=DEADLINE_S)
        with contextlib.suppress(OSError, http.client.HTTPException), contextlib.closing(client):
            client.request("GET", "/auth/v1.0", headers=who)
            answer = client.getresponse()
            if answer.status == 200:
                url = answer.headers["X-Storage-Url"]
                return "/v1/" + url.partition("/v1/")[2], answer.headers["X-Auth-Token"]
        if time.monotonic() > deadline:
            raise errors.Unavailable(f"Swift does not answer: {(folder / 'log').read_text()}")
        time.sleep(0.1)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    children = _children(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(10)
    for pid in (*children, *([] if process.poll() is not None else [process.pid])):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)
    process.wait(10)


def _children(pid: int) -> list[int]:
    try:
        return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _bin(name: str) -> str:
    return str(ENVIRONMENT / "bin" / name)


def _run(name: str, *arguments: str, check: bool = True) -> str:
    done = subprocess.run(
        [_bin(name), *arguments], check=False, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )  # fmt: skip
    if check and done.returncode > 1:  # the ring builder warns with 1
        raise errors.Unavailable(f"{name} {' '.join(arguments)}: {done.stdout}")
    return done.stdout
