"""The power is cut, or the process killed, in the middle of random acts.

Nothing acknowledged is lost, nothing unacknowledged is seen in part, listings and objects agree.
"""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from storage.objects import auditor
from storage.objects.errors import ContainerNotFound
from storage.objects.store import ObjectStore
from tests.storage.objects import power, random_acts
from tests.storage.objects.verbs import ACCOUNT, get, names

PROGRAM = [sys.executable, "-m", "tests.storage.objects.random_acts"]
ACTS = 60
SEED = 20261127


def seen(store: ObjectStore) -> random_acts.Model:
    """Read everything by the verbs that clients have."""
    model = {name: get(store, name) for name in names(store)}
    info = store.head_container(ACCOUNT, "c")
    assert (info.object_count, info.bytes_used) == (len(model), sum(map(len, model.values())))
    return model


def check(root: Path, allowed: list[random_acts.Model]) -> None:
    """The store opens and holds one of the states; a round of the auditor changes nothing of it."""
    with ObjectStore(root) as store:
        model = seen(store)
        assert model in allowed
        audit = auditor.once(store)
        assert (audit.missing, audit.quarantined, audit.rebuilt) == ([], [], [])
        assert seen(store) == model
        large = [data for data in model.values() if len(data) > 64 << 10]
        assert len(list(store.files.walk())) == len(large)


@pytest.mark.crash
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is missing")
def test_after_a_power_cut_what_was_acknowledged_is_there_and_nothing_by_halves(tmp_path: Path):
    root, acks = tmp_path / "store", tmp_path / "acks"
    command = [*PROGRAM, str(root), str(acks), str(SEED), str(ACTS)]
    calls = power.record(command, tmp_path / "log")
    states = random_acts.states(SEED, ACTS)
    chance = random.Random(SEED)
    disk = power.Disk(os.fsencode(root))
    done, points = -1, 0
    for number, call in enumerate(calls):
        is_ack = call[0] == "write" and call[1][1] in {b"begin\n", b"done\n"}
        done += is_ack
        disk.do(call)
        is_sync = call[0] in {"fsync", "fdatasync"}
        if done < 0 or not (is_ack or is_sync or chance.random() < 0.05):
            continue
        points += 1
        for kind in (None, random.Random(number)):
            target = tmp_path / "cut"
            disk.after_cut(target, kind)
            check(target, states[done : done + 2])
            shutil.rmtree(target)

    assert done == ACTS
    assert points > 2 * ACTS


def test_a_disk_forgets_what_was_not_synced(tmp_path: Path):
    """The model itself: else the test above could not fail."""
    disk = power.Disk(b"/s")
    for call in (
        ("openat", ["AT_FDCWD", b"/s/a", "O_RDWR|O_CREAT"], 3),
        ("write", ["3", b"kept"], 4),
        ("fsync", ["3"], 0),
        ("openat", ["AT_FDCWD", b"/s", "O_RDONLY"], 4),
        ("fsync", ["4"], 0),
        ("write", ["3", b" lost"], 5),
        ("openat", ["AT_FDCWD", b"/s/b", "O_RDWR|O_CREAT"], 5),
        ("write", ["5", b"lost"], 4),
        ("fsync", ["5"], 0),
    ):
        disk.do(call)
    disk.after_cut(tmp_path / "cut")

    found = {path.name: path.read_bytes() for path in (tmp_path / "cut").iterdir()}
    assert found == {"a": b"kept"}


@pytest.mark.crash
def test_killed_in_the_middle_of_200_random_acts(tmp_path: Path):
    """Again and again, at whatever moment: the kills fall anywhere between two acknowledgements."""
    chance = random.Random(SEED)
    for life in range(12):
        root, acks = tmp_path / f"store{life}", tmp_path / f"acks{life}"
        process = subprocess.Popen([*PROGRAM, str(root), str(acks), str(life), "200"])
        wanted = chance.randrange(200)
        while (done := _lines(acks)) < 1 + wanted and process.poll() is None:
            time.sleep(0.0005)
        process.kill()
        process.wait(20)
        done = _lines(acks) - 1
        if done >= 0:
            check(root, random_acts.states(life, 200)[done : done + 2])
        else:
            with ObjectStore(root) as store, pytest.raises(ContainerNotFound):
                store.head_container(ACCOUNT, "c")


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0
