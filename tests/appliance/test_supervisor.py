"""The supervisor over stand-ins: real processes that only tell when they start and stop."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance import config, control, errors, processes, supervisor
from tests.cloud import eventually
from tests.supervised import DEADLINE_S, NAMES, stand_ins, told

pytestmark = pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is missing")


@pytest.fixture
def process(home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A supervisor of stand-ins."""
    with stand_ins(home) as child:
        yield child


def children(settings: config.Settings) -> dict[str, int]:
    running = supervisor.find(settings)
    assert running is not None
    return running.children


def with_another(settings: config.Settings, name: str, before: dict[str, int]) -> dict[str, int]:
    """The processes' ids once that one is another: a child may tell sooner than it is known of."""
    eventually(
        lambda: children(settings).get(name, before[name]) != before[name],
        timeout_s=DEADLINE_S, what=f"another {name}",
    )  # fmt: skip
    return children(settings)


def test_what_dies_is_started_again_and_nothing_else(
    settings: config.Settings, process: subprocess.Popen[bytes]
) -> None:
    before = children(settings)
    os.kill(before["api"], signal.SIGKILL)
    eventually(
        lambda: told(settings.home).count("api started") == 2, timeout_s=DEADLINE_S, what="again"
    )
    after = with_another(settings, "api", before)

    assert set(after) == set(NAMES)
    assert {name for name in NAMES if before[name] != after[name]} == {"api"}


def test_stop_ends_workers_first_and_leaves_nothing_running(
    settings: config.Settings, process: subprocess.Popen[bytes]
) -> None:
    pids = children(settings).values()

    assert supervisor.stop(settings, timeout_s=DEADLINE_S)
    assert process.wait(DEADLINE_S) == 0
    stopped = [line.split()[0] for line in told(settings.home) if line.endswith("stopped")]
    assert (stopped[0], set(stopped)) == ("image", set(NAMES))
    assert not any(processes.is_alive(pid) for pid in pids)
    assert supervisor.find(settings) is None
    assert not supervisor.stop(settings)


def test_a_cloud_that_is_up_is_not_started_twice(
    settings: config.Settings, process: subprocess.Popen[bytes]
) -> None:
    with pytest.raises(errors.Conflict, match="is up already"):
        supervisor.Supervisor(settings, NAMES).run()


def test_a_killed_supervisor_takes_its_children_along(
    settings: config.Settings, process: subprocess.Popen[bytes]
) -> None:
    process.kill()
    eventually(
        lambda: {f"{name} stopped" for name in NAMES} <= set(told(settings.home)),
        timeout_s=DEADLINE_S, what="stopped by the kernel's SIGTERM",
    )  # fmt: skip

    assert supervisor.find(settings) is None


@pytest.fixture
def before(settings: config.Settings, process: subprocess.Popen[bytes]) -> dict[str, int]:
    """The processes' ids before anything is asked of them."""
    return children(settings)


def counted(settings: config.Settings, word: str, count: int) -> None:
    eventually(
        lambda: told(settings.home).count(word) == count, timeout_s=DEADLINE_S, what=word
    )  # fmt: skip


def test_a_service_is_restarted_at_once_when_somebody_asks(
    settings: config.Settings, before: dict[str, int]
) -> None:
    answer = supervisor.control_service(settings, "api", "restart")
    counted(settings, "api started", 2)

    assert answer == {"name": "api", "pid": before["api"]}
    assert "api stopped" in told(settings.home)
    after = with_another(settings, "api", before)
    assert {name for name in NAMES if before[name] != after[name]} == {"api"}


def test_a_stopped_service_stays_so_until_it_is_started(
    settings: config.Settings, before: dict[str, int]
) -> None:
    supervisor.control_service(settings, "image", "stop")
    counted(settings, "image stopped", 1)
    eventually(lambda: "image" not in children(settings), timeout_s=DEADLINE_S, what="gone")

    assert supervisor.stopped(settings) == ["image"]
    os.kill(children(settings)["api"], signal.SIGKILL)  # the supervisor looks at all of them
    counted(settings, "api started", 2)
    assert told(settings.home).count("image started") == 1
    for verb in ("stop", "kill"):
        with pytest.raises(errors.Conflict, match="image does not run"):
            supervisor.control_service(settings, "image", verb)
    supervisor.control_service(settings, "image", "start")
    counted(settings, "image started", 2)
    assert supervisor.stopped(settings) == []
    with pytest.raises(errors.Conflict, match="image runs already"):
        supervisor.control_service(settings, "image", "start")


def test_a_killed_service_says_no_word_and_comes_back(
    settings: config.Settings, before: dict[str, int]
) -> None:
    supervisor.control_service(settings, "object", "kill")
    counted(settings, "object started", 2)

    assert "object stopped" not in told(settings.home)
    assert processes.is_alive(before["api"])


def test_a_service_that_ignores_the_signal_is_killed(
    settings: config.Settings, before: dict[str, int]
) -> None:
    os.kill(before["api"], signal.SIGSTOP)  # no handler of its own runs any more
    supervisor.control_service(settings, "api", "restart")
    counted(settings, "api started", 2)

    assert "api stopped" not in told(settings.home)
    assert not processes.is_alive(before["api"])


@pytest.mark.parametrize(
    ("name", "verb", "error"),
    [
        ("unicorn", "restart", errors.NotFound),
        ("api", "paint", errors.Conflict),
    ],
)
def test_what_cannot_be_asked_is_refused_and_harms_nothing(
    settings: config.Settings, before: dict[str, int], name: str, verb: str,
    error: type[Exception],
) -> None:  # fmt: skip
    with pytest.raises(error):
        supervisor.control_service(settings, name, verb)

    assert children(settings) == before


@pytest.mark.parametrize("said", [b"", b"nonsense\n", b"[1]\n", b'{"verb": "kill"}\n', b"x" * 9000])
def test_nonsense_on_the_socket_is_answered_and_survived(
    settings: config.Settings, before: dict[str, int], said: bytes
) -> None:
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(DEADLINE_S)
        asking.connect(str(settings.run_dir / "supervisor.sock"))
        with contextlib.suppress(OSError):
            asking.sendall(said)
            asking.shutdown(socket.SHUT_WR)
            assert b"one line of JSON" in asking.recv(4096)
    supervisor.control_service(settings, "api", "restart")
    counted(settings, "api started", 2)


def test_nobody_else_may_ask(settings: config.Settings, before: dict[str, int]) -> None:
    path = settings.run_dir / "supervisor.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    if os.geteuid() != 0:
        pytest.skip("root is missing: no other user can be")
    path.chmod(0o666)  # even then
    ask = (
        "import os, sys; from pathlib import Path; from appliance import control, errors\n"
        "folder = Path(sys.argv[1]); os.chdir(folder); os.setuid(65534)\n"
        "try: control.ask(folder, 'kill', 'api')\n"
        "except errors.Conflict as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", ask, str(settings.run_dir)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert "only root and the cloud's own user" in done.stdout, done.stderr
    assert children(settings) == before


def test_without_a_supervisor_the_line_for_systemd_is_named(settings: config.Settings) -> None:
    with pytest.raises(errors.Conflict, match=r"systemctl restart novabox-api\.service$"):
        supervisor.control_service(settings, "api", "restart")
    with pytest.raises(errors.Conflict, match=r"systemctl kill --signal=KILL novabox-api"):
        supervisor.control_service(settings, "api", "kill")


def test_a_supervisor_that_is_stuck_is_unavailable(settings: config.Settings) -> None:
    with pytest.raises(errors.Unavailable, match="does not answer"):
        control.ask(settings.home, "restart", "api")
