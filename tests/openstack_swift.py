"""OpenStack's own Swift in one process, as another vendor's object store: its Swift API and its S3.

It checks signatures and digests, takes multipart uploads and has quotas. `python -m` runs it; the
class starts that. Nothing of it but what is on its disk outlives its process.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests import client

USER: Final = "test:tester"  # also its access key for S3
SECRET: Final = "testing"
# Nothing mends here what its servers did not tell each other in time, which on a busy disk is soon.
_PATIENT: Final = "conn_timeout = 60\nnode_timeout = 60\ncontainer_update_timeout = 60\n"
_KINDS: Final = ("account", "container", "object")
_PIPELINE: Final = (
    "catch_errors", "gatekeeper", "bulk", "s3api", "tempauth", "copy", "container_quotas", "slo",
    "dlo",
)  # fmt: skip
_SETTINGS: Final = {
    "s3api": "location = us-east-1\nauth_pipeline_check = false",
    # Deleted parts would wait for an expirer, which does not run here; and after ten small segments
    # the rest would come one a second.
    "slo": "allow_async_delete = false\nrate_limit_after_segment = 1000",
    "tempauth": f"user_{USER.replace(':', '_')} = {SECRET} .admin",
}


class OpenStackSwift:
    """One of them, on ports of its own choice; with `certificate` (a file with a key in it too) its
    second port speaks TLS.
    """

    def __init__(self, home: Path, *, certificate: Path | None = None) -> None:
        self._home = home
        self._certificate = certificate
        self._ports = [0, 0]
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, on the ports it had before, and wait until it answers."""
        log = self._home / "log"
        with log.open("ab") as stderr:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-W", "ignore", "-m", "tests.openstack_swift", self._home,
                    *map(str, self._ports), str(self._certificate or ""),
                ],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True,
                cwd=Path(__file__).parents[1],
            )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, log.read_text()
        self._ports = json.loads(line)

    def stop(self, *, kill: bool = False) -> None:
        """End it, as `kill -9` does or as its operator."""
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill() if kill else self._process.terminate()
        self._process.wait(60)
        self._process.stdin.close()
        self._process.stdout.close()

    @property
    def url(self) -> str:
        """Its base URL, of S3 too."""
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def tls_url(self) -> str:
        """The same over TLS."""
        return f"https://localhost:{self._ports[1]}"

    @property
    def account_url(self) -> str:
        """The user's account in the Swift API."""
        return f"{self.url}/v1/AUTH_test"

    def token(self) -> str:
        """Log in to the Swift API."""
        headers = {"X-Auth-User": USER, "X-Auth-Key": SECRET}
        return client.ask("GET", f"{self.url}/auth/v1.0", headers=headers).headers["x-auth-token"]


class _Cache:
    """What Swift keeps in memcached: here, tokens alone."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}

    def get(self, key: str, **_: object) -> Any:
        return self._values.get(key)

    def delete(self, key: str, **_: object) -> None:
        self._values.pop(key, None)

    def set(self, key: str, value: Any, **_: object) -> None:
        if "/token/" in key or "/user/" in key:
            self._values[key] = value


def _write_configuration(home: Path, ports: dict[str, int]) -> None:
    """Rings of one device, and the paste files."""
    from swift.common.ring import RingBuilder

    (home / "devices" / "disk").mkdir(parents=True, exist_ok=True)
    for kind, port in ports.items():
        builder = RingBuilder(2, 1, 0)
        builder.add_dev(
            {
                "region": 1, "zone": 1, "device": "disk", "weight": 1.0, "meta": "",
                "ip": "127.0.0.1", "port": port,
                "replication_ip": "127.0.0.1", "replication_port": port,
            }
        )  # fmt: skip
        builder.rebalance()
        builder.get_ring().save(str(home / f"{kind}.ring.gz"))
        (home / f"{kind}.conf").write_text(
            f"[DEFAULT]\nswift_dir = {home}\ndevices = {home}/devices\nmount_check = false\n"
            f"fallocate_reserve = 0\n{_PATIENT}[pipeline:main]\npipeline = {kind}\n"
            f"[app:{kind}]\nuse = egg:swift#{kind}\n"
        )
    filters = "".join(
        f"[filter:{name}]\nuse = egg:swift#{name}\n{_SETTINGS.get(name, '')}\n"
        for name in _PIPELINE
    )
    (home / "proxy.conf").write_text(
        f"[DEFAULT]\nswift_dir = {home}\n{_PATIENT}[pipeline:main]\n"
        f"pipeline = {' '.join(_PIPELINE)} proxy-server\n"
        "[app:proxy-server]\nuse = egg:swift#proxy\n"
        f"account_autocreate = true\n{filters}"
    )


def main(home: Path, ports: tuple[int, int], certificate: str) -> None:
    """Serve until standard input ends, as it does when the test dies; ports are printed first."""
    import eventlet

    eventlet.monkey_patch()
    import logging

    import eventlet.tpool
    import eventlet.wsgi
    from swift.common import utils

    (home / "swift.conf").write_text(
        "[swift-hash]\nswift_hash_path_suffix = novabox\n"
        "[storage-policy:0]\nname = gold\ndefault = yes\n"
    )
    utils.set_swift_dir(str(home))
    from swift.common.wsgi import loadapp

    silent = logging.getLogger("silent")
    silent.addHandler(logging.NullHandler())
    silent.propagate = False
    behind = {kind: eventlet.listen(("127.0.0.1", 0)) for kind in _KINDS}
    _write_configuration(home, {kind: sock.getsockname()[1] for kind, sock in behind.items()})
    for kind, sock in behind.items():
        app = loadapp(str(home / f"{kind}.conf"), global_conf={"log_name": kind})
        eventlet.spawn(eventlet.wsgi.server, sock, app, silent)
    proxy, cache = loadapp(str(home / "proxy.conf"), global_conf={"log_name": "proxy"}), _Cache()

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        environ["swift.cache"] = cache
        return proxy(environ, start_response)

    plain, tls = (eventlet.listen(("127.0.0.1", port)) for port in ports)
    listening = json.dumps([sock.getsockname()[1] for sock in (plain, tls)])
    if certificate:
        wrapped = eventlet.wrap_ssl(tls, certfile=certificate, server_side=True)
        eventlet.spawn(eventlet.wsgi.server, wrapped, serve, silent)
    print(listening, flush=True)
    eventlet.spawn(eventlet.wsgi.server, plain, serve, silent)
    eventlet.tpool.execute(sys.stdin.read)


if __name__ == "__main__":
    os.environ["TZ"] = "UTC"
    main(Path(sys.argv[1]), (int(sys.argv[2]), int(sys.argv[3])), sys.argv[4])
