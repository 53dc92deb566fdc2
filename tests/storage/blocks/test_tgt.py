"""The exports of tgt through crashes: of ours at each request, of tgtd under a guest."""

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.blocks import tgtd
from storage.blocks.errors import BlockError
from storage.blocks.export import Export
from storage.blocks.tgt import DISK, Tgt
from tests import cloud
from tests.storage.blocks import initiator
from tests.storage.objects.test_crash import in_child

pytestmark = pytest.mark.host

V1, V2 = "6f1c3b0e-3df3-4b0c-8b0c-7a3c2a9a5b11", "6f1c3b0e-3df3-4b0c-8b0c-7a3c2a9a5b12"


@pytest.fixture
def port() -> int:
    return cloud.free_ports(1)[0]


@pytest.fixture
def exporter(home: Path, port: int) -> Iterator[Tgt]:
    if reason := initiator.missing():
        pytest.skip(reason)
    exporter = Tgt(home / "tgt", address=initiator.ADDRESS, port=port)
    exporter.start()
    yield exporter
    exporter.stop()


@pytest.fixture
def daemon(home: Path, port: int) -> tgtd.Tgtd:
    """The exporter's own."""
    return tgtd.Tgtd(home / "tgt", address=initiator.ADDRESS, port=port)


def volume(home: Path, volume_id: str = V1) -> Export:
    path = home / volume_id
    if not path.exists():
        path.write_bytes(bytes(8 << 20))
    return Export(
        volume_id=volume_id, path=path, initiator="iqn.2010-10.org.novabox:host:box1",
        username=f"nbx-{volume_id[-4:]}", password="abcdefghijkl2345",
    )  # fmt: skip


class Dying(Tgt):
    """Is killed at its Nth request to tgtd, before or after it."""

    def __init__(self, folder: Path, *, port: int, number: int, when: str) -> None:
        super().__init__(folder, address=initiator.ADDRESS, port=port)
        left = number
        ask = self._tgtd.ask

        def counted(*words: object, **more: object) -> str:
            nonlocal left
            left -= 1
            if left == 0 and when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            try:
                return ask(*words, **more)  # type: ignore[arg-type]  # passed on as it came
            finally:
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        self._tgtd.ask = counted  # type: ignore[method-assign]  # the edge to another process


@pytest.mark.crash
@pytest.mark.parametrize("verb", ["show", "withdraw"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_request_the_next_attempt_finishes_it(
    exporter: Tgt, daemon: tgtd.Tgtd, home: Path, port: int, verb: str, when: str
) -> None:
    export, other = volume(home), volume(home, V2)
    exporter.show(other)
    for number in range(1, 100):
        dying = Dying(home / "tgt", port=port, number=number, when=when)
        if verb == "show":
            is_done = in_child(lambda dying=dying: dying.show(export))  # type: ignore[misc]
            assert set(exporter.shown()) in ({V1, V2}, {V1, V2} if is_done else {V2})
            exporter.show(export)
            said = initiator.run(export, "read -P 0 0 4k", lun=DISK, port=port)
            assert "verification failed" not in said
            exporter.withdraw(V1)
        else:
            exporter.show(export)
            is_done = in_child(lambda dying=dying: dying.withdraw(V1))  # type: ignore[misc]
            exporter.withdraw(V1)
        assert list(exporter.shown()) == [V2]
        accounts = daemon.ask(tgtd.Mode.ACCOUNT, tgtd.Op.SHOW).split()
        assert accounts[2:] == [other.username]
        if is_done:
            assert number > 5
            return
    pytest.fail("it never ends")


def test_half_an_export_lets_nobody_in(exporter: Tgt, home: Path, port: int) -> None:
    """Whatever a crash leaves, a target without its account is a target without an initiator."""
    export = volume(home)
    for number in range(1, 20):
        dying = Dying(home / "tgt", port=port, number=number, when="after")
        if in_child(lambda dying=dying: dying.show(export)):  # type: ignore[misc]
            return
        wrong = Export(
            volume_id=V1, path=export.path, initiator=export.initiator, username="nobody",
            password="wrongwrongwrong",
        )  # fmt: skip
        with initiator.session(wrong, "read 0 512", lun=DISK, port=port) as guest:
            words, _ = guest.communicate(timeout=60)
        assert guest.returncode, words
        exporter.withdraw(V1)
    pytest.fail("it never ends")


def test_tgtd_outlives_who_started_it_and_is_found_again(home: Path, port: int) -> None:
    if reason := initiator.missing():
        pytest.skip(reason)
    exporter = Tgt(home / "tgt", address=initiator.ADDRESS, port=port)
    assert in_child(lambda: exporter.show(volume(home)))  # type: ignore[arg-type,return-value]

    again = Tgt(home / "tgt", address=initiator.ADDRESS, port=port)
    assert list(again.shown()) == [V1]
    again.stop()
    assert dict(again.shown()) == {}


@pytest.mark.crash
def test_a_guest_goes_on_when_tgtd_was_killed_and_the_export_is_shown_again(
    exporter: Tgt, daemon: tgtd.Tgtd, home: Path, port: int
) -> None:
    export = volume(home)
    exporter.show(export)
    commands = ("write -P 1 0 4k", "sleep 1500", "write -P 2 4k 4k", "flush", "read -P 1 0 4k")
    with initiator.session(export, *commands, lun=DISK, port=port) as guest:
        cloud.eventually(lambda: exporter.sessions(V1), timeout_s=30, what="a session")
        cloud.eventually(
            lambda: export.path.read_bytes()[0] == 1, timeout_s=30, what="the first write"
        )
        pid = daemon.pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
        cloud.eventually(lambda: daemon.pid() is None, timeout_s=30, what="the end of tgtd")
        assert dict(exporter.shown()) == {}
        assert exporter.sessions(V1) == ()

        exporter.show(export)
        words, _ = guest.communicate(timeout=90)
    assert guest.returncode == 0, words
    assert "verification failed" not in words
    assert export.path.read_bytes()[4096:8192] == b"\x02" * 4096


def test_the_disks_serial_number_is_the_volumes_id(
    exporter: Tgt, daemon: tgtd.Tgtd, home: Path
) -> None:
    exporter.show(volume(home))

    assert f"SCSI SN: {V1}\n" in daemon.ask(tgtd.Mode.TARGET, tgtd.Op.SHOW, tid=-1)


def test_a_port_that_is_taken_is_said_and_nothing_stays(home: Path) -> None:
    if reason := initiator.missing():
        pytest.skip(reason)
    with socket.create_server((initiator.ADDRESS, 0)) as taken:
        port = taken.getsockname()[1]
        exporter = Tgt(home / "tgt", address=initiator.ADDRESS, port=port)
        with pytest.raises(BlockError, match="Address already in use"):
            exporter.start()
        daemon = tgtd.Tgtd(home / "tgt", address=initiator.ADDRESS, port=port)
        assert daemon.pid() is None


def test_another_port_takes_another_tgtd(exporter: Tgt, home: Path) -> None:
    exporter.show(volume(home))
    other_port = cloud.free_ports(1)[0]
    moved = Tgt(home / "tgt", address=initiator.ADDRESS, port=other_port)
    moved.start()
    moved.show(volume(home))

    said = initiator.run(volume(home), "read 0 512", lun=DISK, port=other_port)
    assert "read 512/512" in said


def test_an_account_of_another_export_is_never_taken_away(exporter: Tgt, home: Path) -> None:
    """A target that loses its account would let its initiator in without a password."""
    exporter.show(volume(home))
    other = Export(
        volume_id=V2, path=volume(home, V2).path, initiator="iqn.2010-10.org.novabox:host:box1",
        username=volume(home).username, password="2345abcdefgh",
    )  # fmt: skip
    with pytest.raises(BlockError, match="account new"):
        exporter.show(other)

    assert list(exporter.shown()) == [V1]


def test_a_name_that_tgt_would_misread_is_refused(exporter: Tgt, home: Path) -> None:
    comma = home / "a,b"
    comma.write_bytes(bytes(4096))
    export = Export(volume_id=V1, path=comma, initiator="i", username="u", password="p")
    with pytest.raises(BlockError, match="commas"):
        exporter.show(export)

    assert dict(exporter.shown()) == {}
