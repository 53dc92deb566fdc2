"""Image stores, each with the real server behind it, and what is done to that server.

A place tells its store's names apart from what merely lies there: segments, parts of uploads.
"""

import contextlib
import dataclasses
import os
import resource
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import boto3
import botocore.config

from appliance import config, credentials, keystone
from services.image import stores
from storage.images import aws_signing, file, s3, store, swift
from tests import client
from tests.openstack_swift import SECRET, USER, OpenStackSwift
from tests.system.image_processes import ImageProcesses

SEGMENT_BYTES: Final = 1_000_000
PART_BYTES: Final = 5 << 20  # S3 takes none smaller
_SIZE_BYTES_MAX: Final = 500 * SEGMENT_BYTES


class Place(Protocol):
    """A store with its server; an image over `piece_bytes` is kept in pieces."""

    store: store.Store
    piece_bytes: int

    def lies(self) -> list[str]:
        """The names of all that lies there, pieces of no image too."""
        ...

    def full(self, size_bytes: int) -> contextlib.AbstractContextManager[None]:
        """Have room inside for no more than about so many bytes."""
        ...

    def kill(self) -> None:
        """End the server as power loss does."""
        ...

    def start(self) -> None:
        """Start it again."""
        ...


class Folder:
    """The store `file`: its server is the kernel."""

    piece_bytes = SEGMENT_BYTES

    def __init__(self, folder: Path) -> None:
        self.store: store.Store = file.FileStore(folder)
        self._folder = folder

    def lies(self) -> list[str]:
        return sorted(path.name for path in self._folder.iterdir())

    @contextlib.contextmanager
    def full(self, size_bytes: int) -> Iterator[None]:
        """A full disk answers as a file that may not grow does, to us."""
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    def kill(self) -> None:
        """The kernel does not die under us: what kills servers has the fixture `served`."""
        raise NotImplementedError

    start = kill


class OwnSwift:
    """The object store of a cloud of ours, in one of its containers."""

    piece_bytes = SEGMENT_BYTES

    def __init__(self, cloud: "OwnCloud", images: store.Store, container: str) -> None:
        self.store = images
        self._cloud = cloud
        self._container = container

    def lies(self) -> list[str]:
        own = self._cloud.account()
        return _listed(own.url, own.headers["X-Auth-Token"], self._container)

    @contextlib.contextmanager
    def full(self, size_bytes: int) -> Iterator[None]:
        pid = self._cloud.processes.pid("object")
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size_bytes, before[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    def kill(self) -> None:
        self._cloud.processes.kill("object")

    def start(self) -> None:
        self._cloud.processes.start("object")


class OwnCloud:
    """APIs and object store of a cloud of ours, this one or another."""

    def __init__(self, home: Path) -> None:
        self.processes = ImageProcesses(home)
        self.settings = self.processes.settings
        self._session = keystone.Session(self.settings, "glance")

    def account(self) -> swift.Access:
        """The account, with a token that may write there."""
        token = self._session.token()
        return swift.Access(url=token.url("object-store"), headers={"X-Auth-Token": token.id})

    def local(self, container: str) -> OwnSwift:
        """Its object store for itself."""
        images = swift.SwiftStore(self.account, container=container, segment_bytes=SEGMENT_BYTES)
        return OwnSwift(self, images, container)

    def remote_settings(self, settings: config.Settings, container: str) -> config.Settings:
        """Settings of another cloud to which this one's object store is `remote-swift`."""
        settings.home.mkdir(exist_ok=True)
        login = credentials.read(self.settings, "glance")
        password = settings.home / "password"
        password.write_text(login.password)
        password.chmod(0o600)
        remote = config.RemoteSwift(
            auth_url=f"{self.settings.api_url}/identity/v3", user="glance", project=login.project,
            password_file="password", container=container,
        )  # fmt: skip
        image = dataclasses.replace(
            settings.image, remote_swift=remote, segment_bytes=SEGMENT_BYTES,
            size_bytes_max=_SIZE_BYTES_MAX,
        )  # fmt: skip
        return dataclasses.replace(settings, image=image)

    def remote(self, home: Path, container: str) -> OwnSwift:
        """Its object store for another cloud, which logs in."""
        settings = self.remote_settings(config.parse({}, home=home), container)
        return OwnSwift(self, stores.open_stores(settings, _nowhere)["remote-swift"], container)

    def start(self) -> None:
        self.processes.start("api", "object")

    def close(self) -> None:
        self.processes.close()


class Vendor:
    """OpenStack's Swift, through its Swift API or, as an S3, through its S3 API."""

    def __init__(self, server: OpenStackSwift, images: store.Store, container: str) -> None:
        self.store = images
        self.piece_bytes = PART_BYTES if isinstance(images, s3.S3Store) else SEGMENT_BYTES
        self._server = server
        self._container = container
        self.token = server.token()

    @property
    def url(self) -> str:
        """The container's, in the Swift API."""
        return f"{self._server.account_url}/{self._container}"

    def lies(self) -> list[str]:
        names = _listed(self._server.account_url, self.token, self._container)
        parts = _listed(self._server.account_url, self.token, f"{self._container}+segments")
        return names + parts

    @contextlib.contextmanager
    def full(self, size_bytes: int) -> Iterator[None]:
        """A quota of each container, also of the one that keeps S3's parts.

        It counts an object of unknown length only when it is there: a small one must be one already
        too many.
        """
        if size_bytes < self.piece_bytes // 2:
            size_bytes = 1
        names = (self._container, f"{self._container}+segments")
        for name in names:
            self._set_quota(name, size_bytes)
        try:
            yield
        finally:
            for name in names:
                self._set_quota(name, "")

    def _set_quota(self, container: str, size_bytes: int | str) -> None:
        headers = {
            "X-Auth-Token": self.token,
            "X-Container-Meta-Quota-Bytes": str(size_bytes),
        }
        url = f"{self._server.account_url}/{container}"
        assert client.ask("PUT", url, headers=headers).status in (201, 202)

    def kill(self) -> None:
        self._server.stop(kill=True)

    def start(self) -> None:
        self._server.start()
        self.token = self._server.token()


def vendor_swift(server: OpenStackSwift, container: str) -> Vendor:
    """Another vendor's Swift, with the token that it gives."""
    held = {"token": server.token()}

    def access() -> swift.Access:
        return swift.Access(
            url=server.account_url, headers={"X-Auth-Token": held["token"]},
            forget=lambda: held.update(token=server.token()),
        )  # fmt: skip

    images = swift.SwiftStore(access, container=container, segment_bytes=SEGMENT_BYTES)
    return Vendor(server, images, container)


def vendor_s3(server: OpenStackSwift, container: str, *, spool: Path) -> Vendor:
    """Another vendor's S3."""
    return Vendor(server, s3.S3Store(bucket(server, container), spool=spool,
                                     part_bytes=PART_BYTES), container)  # fmt: skip


def bucket(
    server: OpenStackSwift, name: str, *, secret: str = SECRET, user: str = USER
) -> s3.Bucket:
    """A bucket of that server's, and the key to it."""
    key = aws_signing.Key(access=user, secret=secret, region="us-east-1")
    return s3.Bucket(endpoint=server.url, name=name, key=key)


def boto(server: OpenStackSwift) -> Any:
    """Amazon's own client, to look at what ours has done."""
    return boto3.client(
        "s3", endpoint_url=server.url, region_name="us-east-1",
        aws_access_key_id=USER, aws_secret_access_key=SECRET,
        config=botocore.config.Config(s3={"addressing_style": "path"}),
    )  # fmt: skip


def bootstrap(home: Path) -> subprocess.CompletedProcess[str]:
    """What every start of a cloud runs first."""
    return subprocess.run(
        [sys.executable, "-m", "services.api", "bootstrap"],
        env=os.environ | {"NOVABOX_HOME": str(home)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def new_name() -> str:
    """A container's name that any S3 takes for a bucket's too."""
    return f"images-{secrets.token_hex(6)}"


def _listed(url: str, token: str, container: str) -> list[str]:
    answer = client.ask("GET", f"{url}/{container}", headers={"X-Auth-Token": token})
    return answer.body.decode().split("\n")[:-1] if answer.status == 200 else []


def _nowhere() -> swift.Access:
    """An object store that does not answer."""
    return swift.Access(url="http://127.0.0.1:1/v1/AUTH_x", headers={})
