"""The command as a program: lines as they come, documents, failures, and ended half-way."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import pytest

from tui.setup.program import Program, ProgramFailed


def python(code: str) -> Program:
    return Program([sys.executable, "-c", code])


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await work()

    asyncio.run(main())


def test_lines_come_as_they_are_printed() -> None:
    program = python(
        "import sys, time\n"
        "print('one', sys.argv[1:], flush=True); time.sleep(1); print('two', file=sys.stderr)"
    )

    async def scene() -> None:
        came: list[tuple[str, float]] = []
        start_s = time.monotonic()
        async for line in program.lines("up", "--detach"):
            came.append((line, time.monotonic() - start_s))
        assert [line for line, _ in came] == ["one ['up', '--detach']", "two"]
        assert came[1][1] - came[0][1] > 0.5

    run(scene)
    assert program.said[0] == "$ novabox up --detach"


def test_a_command_that_fails_says_its_last_lines() -> None:
    program = python("print('a\\nb\\nc\\nnovabox: no root'); raise SystemExit(1)")

    async def scene() -> None:
        with pytest.raises(ProgramFailed, match=r"^b\nc\nnovabox: no root$"):
            async for _ in program.lines():
                pass

    run(scene)


def test_a_document_is_read_whatever_the_status_and_what_is_none_is_a_failure() -> None:
    async def scene() -> None:
        red = python("print('{\"is_ready\": false}'); raise SystemExit(1)")
        assert await red.document("doctor") == {"is_ready": False}
        with pytest.raises(ProgramFailed, match="no such thing"):
            await python("raise SystemExit('no such thing')").document()

    run(scene)


def test_a_command_is_interrupted_as_by_ctrl_c() -> None:
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(print('stopped', flush=True)))\n"
        "print('runs', flush=True); time.sleep(60)"
    )
    program = python(code)

    async def scene() -> None:
        start_s = time.monotonic()
        async for line in program.lines():
            assert line == "runs"
            await program.stop()
            break
        assert time.monotonic() - start_s < 30
        await program.stop()  # there is none to stop any more

    run(scene)
