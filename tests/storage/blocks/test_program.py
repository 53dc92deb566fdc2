"""Programs of the host: their words in errors."""

import pytest

from storage.blocks import program
from storage.blocks.errors import BlockError


def test_a_program_says_what_it_printed() -> None:
    assert program.run(["sh", "-c", "echo $WORD"], env={"WORD": "hello"}) == "hello\n"


def test_a_failed_program_is_quoted() -> None:
    with pytest.raises(BlockError, match="sh ended with 3: no such luck") as failed:
        program.run(["sh", "-c", "echo no such luck >&2; exit 3"])

    assert failed.value.tried["command"].startswith("sh -c")


def test_a_missing_program_is_named() -> None:
    with pytest.raises(BlockError, match="nbx-nothing is not installed"):
        program.run(["nbx-nothing"])
