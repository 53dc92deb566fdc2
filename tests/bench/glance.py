"""OpenStack's Glance as the images are compared with it: SQLite, a store of files, no login."""

import json
import os
import subprocess
import time
from pathlib import Path
from typing import Final

from tests import client, cloud
from tests.bench import peers

REQUIREMENTS: Final = ("glance==33.0.0", "pyuwsgi==2.0.30.post1")
_CONFIGURATION: Final = """
[DEFAULT]
enabled_backends = disk:file
log_file = {home}/glance.log
image_size_cap = 1099511627776
[database]
connection = sqlite:///{home}/glance.sqlite
[glance_store]
default_backend = disk
[disk]
filesystem_store_datadir = {home}/images
[os_glance_staging_store]
filesystem_store_datadir = {home}/staging
[os_glance_tasks_store]
filesystem_store_datadir = {home}/tasks
[oslo_concurrency]
lock_path = {home}/lock
[oslo_policy]
policy_file = {home}/policy.json
enforce_scope = false
"""
_RULES: Final = (
    "default", "add_image", "delete_image", "get_image", "get_images", "modify_image",
    "download_image", "upload_image", "get_image_location", "set_image_location",
)  # fmt: skip


class Glance:
    """One Glance under uWSGI, with one process, as its documentation starts it."""

    headers: Final[dict[str, str]] = {}

    def __init__(self, home: Path) -> None:
        self._bin = peers.programs("glance", *REQUIREMENTS)
        for name in ("images", "staging", "tasks", "lock"):
            (home / name).mkdir(parents=True)
        (home / "glance-api.conf").write_text(_CONFIGURATION.format(home=home))
        rules = dict.fromkeys(_RULES, "@")  # nobody logs in: everybody may
        (home / "policy.json").write_text(json.dumps(rules))
        paste = self._bin.parent / "etc/glance/glance-api-paste.ini"
        (home / "glance-api-paste.ini").write_text(paste.read_text())
        self._home = home
        (self.port,) = cloud.free_ports(1)
        self.path = "/v2"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def version(self) -> str:
        """Glance's."""
        return peers.version(self._bin, "glance")

    @property
    def pids(self) -> list[int]:
        """The processes that serve."""
        assert self._process is not None
        return peers.family(self._process.pid)

    def start(self) -> None:
        """Make its database, start it, and wait until it answers."""
        environment = os.environ | {"OS_GLANCE_CONFIG_DIR": str(self._home)}
        with (self._home / "said.log").open("wb") as log:
            subprocess.run(
                [self._bin / "glance-manage", "--config-dir", self._home, "db_sync"],
                check=True, stdout=log, stderr=log,
            )  # fmt: skip
            self._process = subprocess.Popen(
                [
                    self._bin / "uwsgi", "--http11-socket", f"127.0.0.1:{self.port}", "--master",
                    "--processes", "1", "--threads", "1", "--enable-threads", "--lazy-apps",
                    "--need-app", "--die-on-term", "--disable-logging", "--buffer-size", "65535",
                    "--module", "glance.wsgi.api:application",
                ],
                env=environment, stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 90
        while not self._is_up():
            said = (self._home / "said.log").read_text()[-3000:]
            assert self._process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def _is_up(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/v2/images"
            return client.ask("GET", url, headers={}).status == 200
        except OSError:
            return False
