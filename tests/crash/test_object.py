"""The object store killed in the middle of random requests by both faces: writes, copies, deletions
and uploads in parts, with versions and without.

What was answered is there, what was not is there whole or not at all, the two faces' listings and
objects agree, and when all is swept no part is left that no object is made of.
"""

import copy
import hashlib
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from appliance import credentials
from services.object import bucket as buckets
from services.object import contents, garbage
from services.object.s3 import keeper
from storage.objects import auditor
from storage.objects.listing import Query
from storage.objects.object_file import ObjectName
from storage.objects.store import INLINE_BYTES_MAX, ObjectStore
from tests import client
from tests.system.object_process import ObjectProcess

ACTS = 200
LIVES = 10
PLAIN, KEPT = "plain", "kept"  # without versions, and with
KEYS = ("a", "b", "c")
SIZES = (0, 10, 4096, INLINE_BYTES_MAX + 5000)
FIRST_PART_BYTES = 5 << 20
UNKNOWN = "?"  # the id that an answer would have told

Versions = list[tuple[str, bytes | None]]  # id and bytes, the newest first; a marker has none


@dataclass
class Uploading:
    bucket: str
    key: str
    parts: dict[int, bytes] = field(default_factory=dict)


@dataclass
class Model:
    """What is stored, as a client knows it."""

    objects: dict[tuple[str, str], Versions] = field(default_factory=dict)
    uploads: dict[str, Uploading] = field(default_factory=dict)

    def put(self, bucket: str, key: str, data: bytes | None, version_id: str) -> None:
        below = self.objects.get((bucket, key), []) if bucket == KEPT else []
        made = version_id if bucket == KEPT else "null"
        if data is None and bucket == PLAIN:
            self.objects.pop((bucket, key), None)
        else:
            self.objects[bucket, key] = [(made, data), *below]

    def current(self, bucket: str, key: str) -> bytes | None:
        found = self.objects.get((bucket, key))
        return found[0][1] if found else None


@dataclass(frozen=True)
class Act:
    """A request, and what it does to the model when it is done, by the id that is answered."""

    name: str
    ask: Callable[[], str]
    does: Callable[[Model, str], None]


class Client:
    """Both faces of a store's process."""

    def __init__(self, store: ObjectProcess) -> None:
        keys = credentials.ec2_environment(store.settings, "demo")
        self.s3: Any = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{store.port}", region_name="us-east-1",
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
        )  # fmt: skip
        self._store = store

    def swift(self, method: str, path: str, data: bytes | None = None, **headers: str) -> Any:
        said = {"X-Auth-Token": self._store.token, **headers}
        answer = client.ask(method, self._store.url + path, data, headers=said)
        assert answer.status < 300, (method, path, answer)
        return answer

    def state(self) -> Model:
        """All that is there, read by both faces, which agree."""
        model = Model()
        for bucket in (PLAIN, KEPT):
            rows = self.swift("GET", f"/{bucket}?versions").body
            s3_rows = self.s3.list_object_versions(Bucket=bucket)
            assert sorted((row["name"], row["version_id"], row["is_latest"]) for row in rows) == (
                sorted(
                    (row["Key"], row["VersionId"], row["IsLatest"])
                    for kind in ("Versions", "DeleteMarkers")
                    for row in s3_rows.get(kind, ())
                )
            )
            for row in rows:
                found = model.objects.setdefault((bucket, row["name"]), [])
                data = None if "x-deleted" in row["content_type"] else self._read(bucket, row)
                found.append((row["version_id"], data))
            current = sorted(
                key
                for at, key in model.objects
                if at == bucket and model.current(bucket, key) is not None
            )
            listed = self.swift("GET", f"/{bucket}?format=json").body
            assert [row["name"] for row in listed] == current
            s3_listed = self.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
            assert [row["Key"] for row in s3_listed] == current
            for upload in self.s3.list_multipart_uploads(Bucket=bucket).get("Uploads", ()):
                where = {"Bucket": bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
                parts = self.s3.list_parts(**where).get("Parts", ())
                sums = {part["PartNumber"]: part["ETag"].strip('"').encode() for part in parts}
                model.uploads[upload["UploadId"]] = Uploading(bucket, upload["Key"], sums)
        return model

    def _read(self, bucket: str, row: dict[str, Any]) -> bytes:
        """A version's bytes, the same by both faces."""
        version = row["version_id"]
        named = {"VersionId": version} if bucket == KEPT else {}
        data: bytes = self.s3.get_object(Bucket=bucket, Key=row["name"], **named)["Body"].read()
        query = f"?version-id={version}" if bucket == KEPT else ""
        assert self.swift("GET", f"/{bucket}/{row['name']}{query}").body == data
        assert row["bytes"] == len(data)
        return data


class Acts:
    """Random requests that can succeed, by what is stored."""

    def __init__(self, who: Client, seed: int) -> None:
        self._who = who
        self._s3 = who.s3
        self._chance = random.Random(seed)
        self._number = 0

    def next(self, model: Model) -> Act:
        """The next one."""
        bucket, key = self._chance.choice((PLAIN, KEPT)), self._chance.choice(KEYS)
        makers = [self._put, self._put, self._start]
        if model.current(bucket, key) is not None:
            makers += [self._copy, self._delete]
        if bucket == KEPT and model.objects.get((bucket, key)):
            makers.append(self._delete_version)
        if model.uploads:
            makers += [self._part, self._part, self._complete, self._abort]
        return self._chance.choice(makers)(model, bucket, key)

    def _bytes(self, size_bytes: int) -> bytes:
        self._number += 1
        return bytes([self._number % 251]) * size_bytes

    def _put(self, _: Model, bucket: str, key: str) -> Act:
        data, is_swift = self._bytes(self._chance.choice(SIZES)), self._chance.random() < 0.5

        def ask() -> str:
            if is_swift:
                return _id(self._who.swift("PUT", f"/{bucket}/{key}", data))
            return _id_of(self._s3.put_object(Bucket=bucket, Key=key, Body=data))

        return Act(f"put {is_swift=}", ask, lambda m, v: m.put(bucket, key, data, v))

    def _copy(self, model: Model, bucket: str, key: str) -> Act:
        to, other = self._chance.choice((PLAIN, KEPT)), self._chance.choice(KEYS)
        if (to, other) == (bucket, key):
            return self._put(model, bucket, key)
        data, is_swift = model.current(bucket, key), self._chance.random() < 0.5

        def ask() -> str:
            if is_swift:
                target = {"Destination": f"{to}/{other}"}
                return _id(self._who.swift("COPY", f"/{bucket}/{key}", **target))
            source = {"Bucket": bucket, "Key": key}
            return _id_of(self._s3.copy_object(Bucket=to, Key=other, CopySource=source))

        return Act(f"copy {is_swift=}", ask, lambda m, v: m.put(to, other, data, v))

    def _delete(self, _: Model, bucket: str, key: str) -> Act:
        is_swift = self._chance.random() < 0.5

        def ask() -> str:
            if is_swift:
                return _id(self._who.swift("DELETE", f"/{bucket}/{key}"))
            return _id_of(self._s3.delete_object(Bucket=bucket, Key=key))

        return Act(f"delete {is_swift=}", ask, lambda m, v: m.put(bucket, key, None, v))

    def _delete_version(self, model: Model, bucket: str, key: str) -> Act:
        gone = self._chance.choice(model.objects[bucket, key])

        def ask() -> str:
            return _id_of(self._s3.delete_object(Bucket=bucket, Key=key, VersionId=gone[0]))

        def does(model: Model, _: str) -> None:
            model.objects[bucket, key].remove(gone)
            if not model.objects[bucket, key]:
                del model.objects[bucket, key]

        return Act("delete version", ask, does)

    def _start(self, _: Model, bucket: str, key: str) -> Act:
        def ask() -> str:
            return str(self._s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"])

        def does(model: Model, upload_id: str) -> None:
            model.uploads[upload_id] = Uploading(bucket, key)

        return Act("start", ask, does)

    def _part(self, model: Model, *_: str) -> Act:
        where, upload_id, _parts = self._upload(model)
        number = self._chance.choice((1, 2, 3))
        data = self._bytes(FIRST_PART_BYTES if number < 3 else 1000)

        def ask() -> str:
            self._s3.upload_part(**where, PartNumber=number, Body=data)
            return ""

        def does(model: Model, _: str) -> None:
            model.uploads[upload_id].parts[number] = data

        return Act("part", ask, does)

    def _complete(self, model: Model, bucket: str, key: str) -> Act:
        where, upload_id, parts = self._upload(model)
        if not parts:
            return self._put(model, bucket, key)
        chosen = sorted(parts)[: self._chance.choice((1, 2, 3))]  # some may be left out

        def ask() -> str:
            known = self._s3.list_parts(**where)["Parts"]
            listed = [{k: part[k] for k in ("PartNumber", "ETag")} for part in known
                      if part["PartNumber"] in chosen]  # fmt: skip
            done = self._s3.complete_multipart_upload(**where, MultipartUpload={"Parts": listed})
            return _id_of(done)

        def does(model: Model, version_id: str) -> None:
            data = b"".join(parts[number] for number in chosen)
            model.put(where["Bucket"], where["Key"], data, version_id)
            del model.uploads[upload_id]

        return Act("complete", ask, does)

    def _abort(self, model: Model, *_: str) -> Act:
        where, upload_id, _parts = self._upload(model)

        def ask() -> str:
            self._s3.abort_multipart_upload(**where)
            return ""

        return Act("abort", ask, lambda m, _: m.uploads.pop(upload_id) and None)

    def _upload(self, model: Model) -> tuple[dict[str, str], str, dict[int, bytes]]:
        upload_id = self._chance.choice(sorted(model.uploads))
        found = model.uploads[upload_id]
        where = {"Bucket": found.bucket, "Key": found.key, "UploadId": upload_id}
        return where, upload_id, dict(found.parts)


def _id(answer: client.Answer) -> str:
    return str(answer.headers.get("x-object-version-id", "null"))


def _id_of(answer: dict[str, Any]) -> str:
    return str(answer.get("VersionId", "null"))


def matches(seen: dict[tuple[str, str], Versions], known: dict[tuple[str, str], Versions]) -> bool:
    """Whether what is stored is that, whichever ids it has that nobody was told."""
    return seen.keys() == known.keys() and all(
        len(found) == len(known[key])
        and all(
            mine[1] == theirs[1] and theirs[0] in (mine[0], UNKNOWN)
            for mine, theirs in zip(found, known[key], strict=True)
        )
        for key, found in seen.items()
    )


def sums(model: Model, *, is_seen: bool = False) -> dict[str, dict[int, bytes]]:
    """The MD5 of each part: what a listing shows of it, and so all that is seen of it."""
    return {upload_id: {n: part if is_seen else _md5(part) for n, part in upload.parts.items()}
            for upload_id, upload in model.uploads.items()}  # fmt: skip


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).hexdigest().encode()


def settle(seen: Model, before: Model, act: Act | None) -> Model:
    """What is stored after a kill in the middle of an act: as before, or as after it."""
    if act is None:
        assert matches(seen.objects, before.objects)
        assert sums(seen, is_seen=True) == sums(before)
        return before
    after = copy.deepcopy(before)
    act.does(after, UNKNOWN)
    is_done = not matches(seen.objects, before.objects)
    assert not is_done or matches(seen.objects, after.objects), act.name
    assert sums(seen, is_seen=True) in uploads_allowed(seen, before, after, act), act.name
    uploads = (*before.uploads.values(), *after.uploads.values())
    known = {_md5(part): part for upload in uploads for part in upload.parts.values()}
    told = Model(objects=seen.objects)
    for upload_id, upload in seen.uploads.items():
        parts = {number: known[part] for number, part in upload.parts.items()}
        told.uploads[upload_id] = Uploading(upload.bucket, upload.key, parts)
    return told


def uploads_allowed(
    seen: Model, before: Model, after: Model, act: Act
) -> list[dict[str, dict[int, bytes]]]:
    """The uploads that may be listed: as before or after; of one just begun the id is unknown."""
    allowed = [sums(before), sums(after)]
    if act.name == "start":
        fresh = [upload_id for upload_id in seen.uploads if upload_id not in before.uploads]
        assert len(fresh) <= 1
        allowed.append(sums(before) | {upload_id: {} for upload_id in fresh})
    return allowed


class Life:
    """Does one act after the other until the store is killed, or all are done."""

    def __init__(self, acts: Acts, model: Model, left: int) -> None:
        self.model = model
        self.done = 0
        self.broken: Act | None = None  # what was not answered
        self._acts = acts
        self._left = left

    def run(self) -> None:
        """Until then."""
        while self.done < self._left:
            act = self._acts.next(self.model)
            try:
                told = act.ask()
            except (BotoCoreError, HTTPException, OSError):
                self.broken = act
                return
            act.does(self.model, told)
            self.done += 1


@pytest.mark.crash
@pytest.mark.timeout(300)
@pytest.mark.parametrize("seed", [1, 2])
def test_killed_amid_random_requests_nothing_answered_is_lost(tmp_path: Path, seed: int):
    store = ObjectProcess(tmp_path)
    store.start()
    who = Client(store)
    for name in (PLAIN, KEPT):
        who.s3.create_bucket(Bucket=name)
    who.swift("POST", f"/{KEPT}", **{"X-Versions-Enabled": "true"})
    acts, chance, model, left, broken = Acts(who, seed), random.Random(seed), Model(), ACTS, 0
    with ThreadPoolExecutor(1) as thread:
        while left > 0:
            life = Life(acts, model, left)
            alive = thread.submit(life.run)
            until = chance.randrange(1, 2 * ACTS // LIVES)
            while life.done < until and not alive.done():
                wait([alive], 0.001)
            wait([alive], chance.random() * 0.03)  # into whatever it is doing by then
            store.stop(kill=True)
            alive.result()
            left -= life.done + (life.broken is not None)
            broken += life.broken is not None
            store.start()
            model = settle(who.state(), life.model, life.broken)
    assert broken >= LIVES // 2  # it was killed in the middle of them
    for upload_id, upload in model.uploads.items():
        where = {"Bucket": upload.bucket, "Key": upload.key, "UploadId": upload_id}
        who.s3.abort_multipart_upload(**where)
    model.uploads.clear()
    store.stop(kill=True)
    check_swept(store)
    store.start()
    settle(who.state(), model, None)
    for (bucket, key), versions in model.objects.items():
        for version_id, _ in versions:
            named = {"VersionId": version_id} if bucket == KEPT else {}
            who.s3.delete_object(Bucket=bucket, Key=key, **named)
    store.stop()
    assert check_swept(store) == 0


def check_swept(store: ObjectProcess) -> int:
    """After the keeper's and the auditor's rounds no upload is left; how many parts are."""
    with ObjectStore(store.home / "objects") as opened:
        keeper.once(opened, now=time.time() + 2 * garbage.KEPT_S)
        audit = auditor.once(opened)
        found = (audit.quarantined, audit.missing, audit.rebuilt, audit.failed)
        assert found == ([], [], [], [])
        used = parts = 0
        for account, container in opened.catalog.accounts.containers():
            rows = opened.list_container(account, container, query=Query())
            if account == "\0garbage" or account.startswith(buckets.UPLOADS):
                assert rows == []
            elif container.endswith(buckets.SEGMENTS):
                parts += len(rows)
            else:
                used += sum(_part_count(opened, account, container, row.name) for row in rows)
        assert parts == used
        return parts


def _part_count(opened: ObjectStore, account: str, container: str, name: str) -> int:
    with opened.get_object(ObjectName(account, container, name)) as download:
        is_large = contents.SLO in download.record.metadata
        return len(contents.read_manifest(download)) if is_large else 0
