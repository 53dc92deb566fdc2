"""Keys of tokens rotate under running processes; keys of secrets stay; no crash loses one."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config, errors
from appliance.db import connection
from services.identity import api, keys
from services.identity.api import ec2_credentials
from tests.cloud import BIN

# a process that is up all the time: it reads a token a line and says whose it is
RESOLVER = """
import sys
from appliance import config, errors
from appliance.db import connection
from services.identity import api
settings = config.load()
identity = api.Identity(settings, connection.open_db(settings.home))
for line in sys.stdin:
    try:
        print(identity.resolve(line.strip()).user_name, flush=True)
    except errors.Unauthorized:
        print("refused", flush=True)
"""


@pytest.fixture
def identity(settings: config.Settings, db: connection.Database) -> api.Identity:
    api.bootstrap(settings, db)
    return api.Identity(settings, db)


class Other:
    """A process that resolves tokens, as another service of the cloud does."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def resolve(self, token: str) -> str:
        """The user's name, or `refused`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{token}\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()


@pytest.fixture
def other(settings: config.Settings, identity: api.Identity) -> Iterator[Other]:
    with subprocess.Popen(
        [sys.executable, "-c", RESOLVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=os.environ | {"NOVABOX_HOME": str(settings.home)},
    ) as process:  # fmt: skip
        yield Other(process)
        process.kill()


def _rotate(settings: config.Settings, *options: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(BIN / "novabox"), "token", "rotate-keys", *options], capture_output=True, text=True,
        env=os.environ | {"NOVABOX_HOME": str(settings.home)}, timeout=60, check=False,
    )  # fmt: skip


def test_a_token_lives_as_long_as_its_key_in_every_running_process(settings, identity, other):
    """With three keys kept a token outlives two rotations, and not the third."""
    first = identity.service_token("admin")
    assert other.resolve(first) == "admin"

    for rotation in (1, 2):
        done = _rotate(settings)
        assert done.returncode == 0, done.stderr
        assert f"keeps {rotation + 1} of at most 3" in done.stdout
        newest = identity.service_token("nova")
        assert (other.resolve(first), other.resolve(newest)) == ("admin", "nova")
        assert identity.resolve(first).user_name == "admin"
    told = json.loads(_rotate(settings, "--json").stdout)

    path = str(keys.tokens_path(settings.etc_dir))
    assert told == {"file": path, "keys": 3, "keys_max": 3, "dropped": 1}
    assert (other.resolve(first), other.resolve(newest)) == ("refused", "nova")
    with pytest.raises(errors.Unauthorized):
        identity.resolve(first)


def test_what_is_kept_follows_the_setting(settings, identity):
    (settings.home / "novabox.toml").write_text("[identity]\nfernet_keys_max = 1\n")
    token = identity.service_token("admin")

    assert "1 oldest are refused" in _rotate(settings).stdout

    with pytest.raises(errors.Unauthorized):
        identity.resolve(token)


def test_secrets_at_rest_outlive_every_rotation(settings, db, identity):
    admin = identity.resolve(identity.service_token("admin"))
    verbs = ec2_credentials.Ec2Credentials(settings, db)
    made = verbs.create(admin, admin.user_id, admin.project_id)

    for _ in range(4):
        keys.rotate(settings.etc_dir, keep=1)

    again = ec2_credentials.Ec2Credentials(settings, db)
    assert again.find_signer(made.access).secret.reveal() == made.secret.reveal()


def test_the_keys_stay_their_owners_alone(settings, identity):
    path = keys.tokens_path(settings.etc_dir)
    if os.geteuid() == 0:  # as where units run the services as a user of their own
        os.chown(path, 65534, 65534)
    owner = path.stat().st_uid

    keys.rotate(settings.etc_dir, keep=3)

    assert (path.stat().st_mode & 0o777, path.stat().st_uid) == (0o600, owner)
    assert [one.name for one in settings.etc_dir.glob("*.new")] == []


@pytest.mark.parametrize("failing", [1, 2])
def test_a_crash_in_the_middle_loses_no_key(settings, identity, monkeypatch, failing):
    """Failing at each point where the disk is asked to keep what was written."""
    token, count, real = identity.service_token("admin"), iter(range(1, 9)), os.fsync

    def fsync(file: int) -> None:
        if next(count) == failing:
            raise OSError("the power failed")
        real(file)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(OSError, match="power"):
            keys.rotate(settings.etc_dir, keep=3)

    assert identity.resolve(token).user_name == "admin"
    assert keys.rotate(settings.etc_dir, keep=9).kept == failing + 1
    assert identity.resolve(token).user_name == "admin"


def test_rotations_at_once_lose_no_key(settings, identity):
    env = os.environ | {"NOVABOX_HOME": str(settings.home)}
    argv = [sys.executable, "-m", "services.identity", "rotate-keys", "--json"]
    (settings.home / "novabox.toml").write_text("[identity]\nfernet_keys_max = 20\n")
    running = [subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) for _ in range(4)]

    counts = sorted(json.loads(process.communicate()[0])["keys"] for process in running)

    assert counts == [2, 3, 4, 5]


def test_a_crash_of_the_first_start_leaves_keys_that_the_next_completes(tmp_path):
    etc = tmp_path / "etc"
    keys.ensure(etc)
    secrets = keys.secrets_path(etc).read_bytes()
    keys.tokens_path(etc).unlink()  # as if the power had failed between the two

    keys.ensure(etc)

    assert keys.secrets_path(etc).read_bytes() == secrets
    assert keys.tokens_path(etc).read_bytes() not in (b"", secrets)


def test_a_cloud_with_one_file_for_both_keeps_what_it_sealed(tmp_path):
    keys.ensure(tmp_path)
    keys.secrets_path(tmp_path).unlink()

    keys.ensure(tmp_path)

    assert keys.secrets_path(tmp_path).read_bytes() == keys.tokens_path(tmp_path).read_bytes()


def test_without_keys_rotating_says_what_to_do(settings):
    done = _rotate(settings)

    assert done.returncode == 1
    assert done.stderr.startswith("novabox: ")
    assert "novabox up" in done.stderr


@pytest.mark.parametrize("text", ["", "\n", "no key\n", "AAAA\n"])
def test_a_broken_file_of_keys_is_a_sentence(settings, db, identity, text):
    keys.tokens_path(settings.etc_dir).write_text(text)

    with pytest.raises(errors.ConfigError, match="no key"):
        identity.service_token("admin")
    with pytest.raises(errors.ConfigError, match="no key"):
        keys.rotate(settings.etc_dir, keep=3)


@pytest.mark.skipif(os.geteuid() != 0, reason="root is missing")
def test_who_may_not_read_the_keys_is_told_so(settings: config.Settings, identity) -> None:
    etc: Path = settings.etc_dir
    try:
        os.seteuid(65534)
        with pytest.raises(errors.ConfigError, match="sudo"):
            keys.rotate(etc, keep=3)
    finally:
        os.seteuid(0)
