"""What every test may use: a cloud's state folder, made real (SQLite files, queue files)."""

import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config, context, queue
from appliance.db import connection, migrations

pytest_plugins = ("tests.vm.plugin",)

# A shell that starts us in the background has Ctrl-C ignored, by all programs that we start too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def home() -> Iterator[Path]:
    """A state folder that QEMU's user may enter, and that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="nbx-test-", dir="/var/tmp"))
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
