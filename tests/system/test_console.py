"""A real guest's console: two watch, one types, the worker is killed in between, and it reboots."""

import os
import re
import signal
import sys
import termios
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import cloud as clouds
from tests.system.terminals import Terminal

pytestmark = [pytest.mark.host, pytest.mark.guest, pytest.mark.timeout(600)]

OPENSTACK = str(clouds.BIN / "openstack")
NOVABOX = str(clouds.BIN / "novabox")
Open = Callable[..., Terminal]


@pytest.fixture
def terminal(cloud: clouds.Cloud) -> Iterator[Open]:
    made: list[Terminal] = []

    def start(*argv: str, **options: Any) -> Terminal:
        made.append(Terminal(cloud, NOVABOX, "console", *argv, **options))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_one_logs_in_and_another_watches_while_the_worker_is_killed(
    cloud: clouds.Cloud, server: str, terminal: Open
) -> None:
    writer, watcher = terminal(server), terminal(server)
    for one in (writer, watcher):
        one.until("guest login: ".replace("guest", server), timeout_s=180)
    writer.type("root\r")
    writer.until("Password: ")
    writer.type("tiny\r")
    writer.until(f"root@{server}:~# ")
    watcher.until(f"root@{server}:~# ")

    os.kill(cloud.children()["compute"], signal.SIGKILL)
    writer.type("echo mark$((6*7))er\r")
    writer.until("mark42er\r\n")
    watcher.until("mark42er\r\n")
    watcher.type("x")
    watcher.until("demo has the keyboard: ^] w takes it")
    watcher.type("\x1dw")
    watcher.type("echo taken$((2+1))\r")
    writer.until("taken3\r\n")
    writer.type("\x1dq")
    assert writer.end() == 0
    assert writer.settings() == writer.settings_before
    watcher.type("\x1d")
    watcher.type("q")
    assert watcher.end() == 0


def test_a_break_reaches_the_kernel(server: str, terminal: Open) -> None:
    one = terminal(server, "--force")
    one.type("\recho 1 > /proc/sys/kernel/sysrq\r\x1d?")
    one.until("q leave")
    one.until("~# ")
    one.type("\x1dbh")
    one.until("sysrq: HELP")
    one.type("\x1dq")
    assert one.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminal_is_left_as_it_was(server: str, terminal: Open, number: int) -> None:
    one = terminal(server)
    one.until("console of talker")
    assert one.settings() != one.settings_before
    assert not one.settings()[3] & termios.ECHO  # type: ignore[operator]  # of the local flags
    assert one.end(number) == 128 + number
    assert one.settings() == one.settings_before


def test_a_reboot_is_marked_and_the_line_goes_on(
    cloud: clouds.Cloud, server: str, terminal: Open
) -> None:
    one = terminal(server)
    one.until("console of talker")
    one.type("\r")
    cloud.run(OPENSTACK, "server", "reboot", "--hard", "--wait", server, user="demo")

    def marks() -> list[str]:
        kept = cloud.run(NOVABOX, "console", server, "--log", user="demo").stdout
        found = re.findall(r"^=== novabox: boot (\S+)Z ===$", kept, re.MULTILINE)
        return found if kept.endswith("login: ") and len(found) > 1 else []

    boots = clouds.eventually(marks, timeout_s=180, what="a second boot", every_s=1)
    assert boots == sorted(boots)
    one.until("=== novabox: boot ")
    one.until("login: ")
    one.type("root\r")
    one.until("Password: ")


def test_novas_url_opens_the_serial_console_once(cloud: clouds.Cloud, server: str) -> None:
    shown = cloud.openstack("console", "url", "show", "--serial", server)
    client = (sys.executable, "-m", "tests.system.serial_client", shown["url"], "\x15\r", "word: ")
    first, again = (cloud.run(*client, check=False) for _ in range(2))

    assert shown["type"] == "serial"
    assert "talker login: " in first.stdout
    assert again.stderr.startswith("refused: HTTP/1.1 403")


def test_another_projects_console_is_not_there(cloud: clouds.Cloud, server: str) -> None:
    shown = cloud.openstack("server", "show", server)
    done = cloud.run(NOVABOX, "console", "nobody", user="demo", check=False)
    assert done.returncode == 1
    assert "no instance is called nobody" in done.stderr
    admins = cloud.run(NOVABOX, "console", shown["id"], "--log", user="admin").stdout
    assert "login" in admins
