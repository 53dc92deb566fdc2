"""What every test may use: a cloud's state folder, made real (SQLite files, queue files)."""

import functools
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from appliance import config, context, queue
from appliance.db import connection, migrations

pytest_plugins = ("tests.vm.plugin",)

# A shell that starts us in the background has Ctrl-C ignored, by all programs that we start too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


_OF_DISKS: Final = ("host", "guest", "crash", "vm")
"""Marks of tests whose files a guest or a kernel uses in ways that a tmpfs may not know."""
_MEMORY: Final = Path("/dev/shm")
_MEMORY_BYTES_MIN: Final = 1 << 30  # a container has 64 MiB by itself


@functools.cache
def _has_memory() -> bool:
    """Whether there is room, and a tmpfs as of Linux 6.6: with attributes of users and O_DIRECT."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _MEMORY_BYTES_MIN:
        return False
    with tempfile.NamedTemporaryFile(dir=_MEMORY) as file:
        try:
            os.setxattr(file.name, "user.novabox", b"")
        except OSError:
            return False
    return True


@pytest.fixture
def home(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A state folder that QEMU's user may enter, and that is gone afterwards.

    It is in memory where nothing has to outlive it: a commit waits for a disk for milliseconds.
    """
    is_of_disks = any(request.node.get_closest_marker(mark) for mark in _OF_DISKS)
    place = "/var/tmp" if is_of_disks or not _has_memory() else _MEMORY
    folder = Path(tempfile.mkdtemp(prefix="nbx-test-", dir=place))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def settings(home: Path) -> config.Settings:
    """Settings of a cloud on fakes whose queue never makes a test wait."""
    document = {
        "host": "box1",
        "queue": {"poll_s": 0.2, "sweep_s": 0.2, "claim_s": 5.0},
        "compute": {"driver": "fake"},
        "network": {"driver": "fake"},
    }
    return config.parse(document, home=home)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with the whole schema and no row: copied, because migrating takes 30 ms."""
    folder = tmp_path_factory.mktemp("migrated")
    migrations.migrate(folder)
    return folder


@pytest.fixture
def db(settings: config.Settings, migrated: Path) -> Iterator[connection.Database]:
    """A database with the whole schema."""
    shutil.copytree(migrated, settings.home, dirs_exist_ok=True)
    database = connection.open_db(settings.home)
    yield database
    database.close()


@pytest.fixture
def topics(settings: config.Settings) -> queue.Queue:
    """The cloud's queue."""
    return queue.Queue(settings)


@pytest.fixture
def request_context() -> Iterator[context.RequestContext]:
    """A request under way."""
    request = context.RequestContext()
    token = context.current.set(request)
    yield request
    context.current.reset(token)
