"""One program of the host: what it prints, and what is said when it fails."""

import pytest

from appliance import command, errors


def test_what_it_prints_is_answered() -> None:
    assert command.run(["cat"], failing_as=errors.NetworkError, stdin="said") == "said"


@pytest.mark.parametrize(
    ("argv", "why"),
    [
        (["sh", "-c", "echo no such bridge >&2; exit 3"], "sh ended with 3: no such bridge"),
        (["nbx-no-such-program"], "not installed: run `novabox doctor`"),
        (["sleep", "60"], r"sleep did not end within 0\.1 s"),
    ],
)
def test_a_failure_has_the_programs_own_words_and_what_was_tried(argv: list[str], why: str) -> None:
    with pytest.raises(errors.NetworkError, match=why) as caught:
        command.run(argv, failing_as=errors.NetworkError, timeout_s=0.1 if "60" in argv else 30)
    assert caught.value.tried == {"command": " ".join(argv)}
