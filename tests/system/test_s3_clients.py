"""The S3 clients that people own work against the object store, unchanged."""

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import boto3
import pytest
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from appliance import credentials
from tests.system.object_process import ObjectProcess

BIN = Path(sys.executable).parent
MIB = 1 << 20

Run = Callable[..., str]


@pytest.fixture(scope="module")
def keys(store: ObjectProcess) -> dict[str, str]:
    """The variables that `novabox env` prints."""
    return credentials.ec2_environment(store.settings, "demo")


@pytest.fixture
def run(store: ObjectProcess, keys: dict[str, str], tmp_path: Path) -> Run:
    """Run a client in an empty folder, with what `novabox env` prints and its own variables."""

    def run(*argv: str, status: int = 0, **variables: str) -> str:
        if shutil.which(argv[0]) is None and not Path(argv[0]).exists():
            pytest.skip(f"missing program: {argv[0]}")
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
        done = subprocess.run(
            argv, cwd=tmp_path, env=environment | keys | variables,
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr + store.log()
        return done.stdout

    return run


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder with small files, odd names and one file of several parts."""
    folder = tmp_path / "tree"
    (folder / "sub folder").mkdir(parents=True)
    (folder / "note").write_text("hello\n")
    (folder / "empty").write_bytes(b"")
    (folder / "sub folder" / "größe 100%+&.bin").write_bytes(os.urandom(3_000_000))
    (folder / "big").write_bytes(os.urandom(20 * MIB))
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    """Every file's bytes by its name below the folder."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_aws_s3(run: Run, tree: Path, tmp_path: Path, store: ObjectProcess):
    aws = str(BIN / "aws")

    run(aws, "s3", "mb", "s3://aws-books")
    assert "aws-books" in run(aws, "s3", "ls")
    run(aws, "s3", "sync", "tree", "s3://aws-books/tree")
    assert "20971520 tree/big" in run(aws, "s3", "ls", "--recursive", "s3://aws-books")
    run(aws, "s3", "sync", "s3://aws-books/tree", "back")
    assert contents(tmp_path / "back") == contents(tree)
    assert run(aws, "s3", "sync", "tree", "s3://aws-books/tree") == ""
    run(aws, "s3", "cp", "s3://aws-books/tree/big", "s3://aws-books/copied")
    run(aws, "s3", "mv", "s3://aws-books/tree/note", "s3://aws-books/moved")
    url = run(aws, "s3", "presign", "s3://aws-books/moved").strip()
    assert run("curl", "-sSf", url) == "hello\n"
    assert store.request("GET", "/aws-books/copied")[1] == (tree / "big").read_bytes()
    run(aws, "s3", "rb", "--force", "s3://aws-books")
    assert run(aws, "s3", "ls") == ""


def test_aws_s3api(run: Run, tmp_path: Path):
    def aws(*argv: str) -> dict[str, object]:
        answer = run(str(BIN / "aws"), "s3api", *argv)
        found: dict[str, object] = json.loads(answer) if answer else {}
        return found

    (tmp_path / "note").write_text("hello\n")
    aws("create-bucket", "--bucket", "api-books")
    where = ("--bucket", "api-books", "--key", "note")
    aws("put-object", *where, "--body", "note", "--metadata", "color=blue", "--tagging", "a=1")
    assert aws("head-object", *where)["Metadata"] == {"color": "blue"}
    assert aws("get-object-tagging", *where)["TagSet"] == [{"Key": "a", "Value": "1"}]
    aws("put-bucket-versioning", "--bucket", "api-books",
        "--versioning-configuration", "Status=Enabled")  # fmt: skip
    version = aws("put-object", *where, "--body", "note")["VersionId"]
    aws("delete-object", *where)
    listed = aws("list-object-versions", "--bucket", "api-books")
    assert len(listed["Versions"]) == 2  # type: ignore[arg-type]
    aws("get-object", *where, "--version-id", str(version), "back")
    assert (tmp_path / "back").read_text() == "hello\n"


def test_boto3_in_parts(store: ObjectProcess, keys: dict[str, str], tmp_path: Path):
    client = boto3.client(
        "s3", endpoint_url=keys["AWS_ENDPOINT_URL_S3"], region_name="RegionOne",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}),
    )  # fmt: skip
    data = os.urandom(17 * MIB + 5)
    (tmp_path / "big").write_bytes(data)
    client.create_bucket(Bucket="boto-books")
    client.upload_file(
        str(tmp_path / "big"), "boto-books", "big",
        Config=TransferConfig(multipart_chunksize=5 * MIB, max_concurrency=4),
    )  # fmt: skip

    client.download_file("boto-books", "big", str(tmp_path / "back"))

    assert (tmp_path / "back").read_bytes() == data
    assert client.head_object(Bucket="boto-books", Key="big")["ETag"].endswith('-4"')
    assert store.request("GET", "/boto-books/big") == (200, data)


def test_s3cmd(run: Run, tree: Path, tmp_path: Path, keys: dict[str, str]):
    host = keys["AWS_ENDPOINT_URL_S3"].removeprefix("http://")
    login = (
        "--access_key", keys["AWS_ACCESS_KEY_ID"], "--secret_key", keys["AWS_SECRET_ACCESS_KEY"],
        "--host", host, "--host-bucket", host, "--no-ssl", "--no-progress",
    )  # fmt: skip

    def s3cmd(*argv: str) -> str:
        return run("s3cmd", *login, *argv)

    s3cmd("mb", "s3://cmd-books")
    s3cmd("sync", "--multipart-chunk-size-mb=5", "tree/", "s3://cmd-books/tree/")
    assert "s3://cmd-books/tree/note" in s3cmd("ls", "--recursive", "s3://cmd-books")
    s3cmd("sync", "s3://cmd-books/tree/", "back/")
    assert contents(tmp_path / "back") == contents(tree)
    s3cmd("cp", "s3://cmd-books/tree/note", "s3://cmd-books/copied")
    s3cmd("setacl", "--acl-public", "s3://cmd-books/copied")
    assert "anon" in s3cmd("info", "s3://cmd-books/copied")
    assert run("curl", "-sSf", f"http://{host}/cmd-books/copied") == "hello\n"
    s3cmd("rb", "--recursive", "--force", "s3://cmd-books")
    assert "cmd-books" not in s3cmd("ls")


def test_rclone(run: Run, tree: Path, tmp_path: Path, keys: dict[str, str]):
    remote = {
        "RCLONE_CONFIG_BOX_TYPE": "s3", "RCLONE_CONFIG_BOX_PROVIDER": "Other",
        "RCLONE_CONFIG_BOX_ENV_AUTH": "true", "RCLONE_CONFIG_BOX_ENDPOINT":
        keys["AWS_ENDPOINT_URL_S3"],
    }  # fmt: skip

    def rclone(*argv: str) -> str:
        return run("rclone", *argv, **remote)

    parts = ("--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M")
    rclone("mkdir", "box:clone-books")
    rclone("copy", *parts, "tree", "box:clone-books/tree")
    rclone("check", "tree", "box:clone-books/tree")
    rclone("check", "--download", "tree", "box:clone-books/tree")
    rclone("sync", "box:clone-books/tree", "back")
    assert contents(tmp_path / "back") == contents(tree)
    rclone("copy", "box:clone-books/tree", "box:clone-books/again")
    rclone("check", "box:clone-books/tree", "box:clone-books/again")
    rclone("purge", "box:clone-books")
    assert "clone-books" not in rclone("lsd", "box:")


def test_restic(run: Run, tree: Path, tmp_path: Path, keys: dict[str, str]):
    repository = {
        "RESTIC_REPOSITORY": f"s3:{keys['AWS_ENDPOINT_URL_S3']}/restic-books/repo",
        "RESTIC_PASSWORD": "sesame",
    }

    def restic(*argv: str) -> str:
        return run("restic", "--no-cache", *argv, **repository)

    restic("init")
    restic("backup", "tree")
    (tree / "note").write_text("changed\n")
    restic("backup", "tree")
    restic("check", "--read-data")
    restic("forget", "--keep-last", "1", "--prune")
    restic("check")
    restic("restore", "latest", "--target", str(tmp_path / "back"))
    (restored,) = (tmp_path / "back").rglob("tree")
    assert contents(restored) == contents(tree)


def test_what_clients_encrypt(run: Run, tree: Path, tmp_path: Path, store: ObjectProcess):
    """`aws s3 cp --sse` and `--sse-c`, and rclone, which sends no key without TLS, with SSE-S3."""
    aws, key = str(BIN / "aws"), "k" * 32
    customer = ("--sse-c", "AES256", "--sse-c-key", key)
    remote = {
        "RCLONE_CONFIG_BOX_TYPE": "s3", "RCLONE_CONFIG_BOX_PROVIDER": "Other",
        "RCLONE_CONFIG_BOX_ENV_AUTH": "true",
        "RCLONE_CONFIG_BOX_ENDPOINT": f"http://127.0.0.1:{store.port}",
        "RCLONE_CONFIG_BOX_SERVER_SIDE_ENCRYPTION": "AES256",
    }  # fmt: skip
    for name in ("note", "big"):
        (tree / name).write_bytes(b"in clear text " * (1 if name == "note" else 1_500_000))
    run(aws, "s3", "mb", "s3://sealed")
    for name in ("note", "big"):
        run(aws, "s3", "cp", f"tree/{name}", f"s3://sealed/box/{name}", "--sse")
        run(aws, "s3", "cp", f"tree/{name}", f"s3://sealed/mine/{name}", *customer)
        run(aws, "s3", "cp", f"s3://sealed/box/{name}", f"box-{name}")
        run(aws, "s3", "cp", f"s3://sealed/mine/{name}", f"mine-{name}", *customer)
        run(aws, "s3", "cp", f"s3://sealed/mine/{name}", "none", status=1)
        status, body = store.request("GET", f"/sealed/box/{name}")
        assert (status, body) == (200, (tree / name).read_bytes())
        for copy in (f"box-{name}", f"mine-{name}"):
            assert (tmp_path / copy).read_bytes() == (tree / name).read_bytes()
    parts = ("--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M")
    run("rclone", "copy", *parts, "tree", "box:sealed/clone", **remote)
    run("rclone", "check", "--download", "tree", "box:sealed/clone", **remote)
    run("rclone", "copy", "box:sealed/clone", "box:sealed/again", **remote)
    run("rclone", "sync", "box:sealed/again", "back", **remote)
    assert contents(tmp_path / "back") == contents(tree)
    forms = (key.encode(), base64.b64encode(key.encode()))
    kept = [path for path in (store.home / "objects").rglob("*") if path.is_file()]
    assert not [path for path in kept if b"in clear text" in path.read_bytes()]
    assert not [path for path in store.home.rglob("*") if path.is_file()
                and any(form in path.read_bytes() for form in forms)]  # fmt: skip
