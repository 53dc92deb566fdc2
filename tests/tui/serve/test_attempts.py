"""The limit of failed logins, and what a flood of addresses costs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.serve import attempts
from tui.serve.attempts import ALTOGETHER, PER_ADDRESS, WINDOW_S, Attempts


class _Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_one_address_waits_and_another_does_not() -> None:
    clock = _Clock()
    tries = Attempts(clock)
    for second in range(PER_ADDRESS):
        clock.now_s = float(second)
        assert tries.begin("a") == 0
    assert tries.begin("a") == WINDOW_S - (PER_ADDRESS - 1)
    assert tries.begin("b") == 0
    clock.now_s = WINDOW_S
    assert tries.begin("a") == 0


def test_a_hundred_addresses_guess_no_faster() -> None:
    tries = Attempts(_Clock())
    allowed = sum(tries.begin(f"address {at}") == 0 for at in range(ALTOGETHER * 2))
    assert allowed == ALTOGETHER


def test_a_success_is_no_failure() -> None:
    tries = Attempts(_Clock())
    for _ in range(ALTOGETHER * 2):
        assert tries.begin("a") == 0
        tries.succeeded("a")


def test_a_flood_of_addresses_is_forgotten() -> None:
    tries = Attempts(_Clock())
    for at in range(attempts._ADDRESSES_MAX + 10):
        tries.begin(f"address {at}")
    assert len(tries._by_address) == attempts._ADDRESSES_MAX


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 30)), max_size=60))
def test_no_window_ever_holds_more_than_the_limit(steps: list[tuple[str, float]]) -> None:
    clock = _Clock()
    tries = Attempts(clock)
    let_in: dict[str, list[float]] = {"a": [], "b": []}
    for address, pause_s in steps:
        clock.now_s += pause_s
        if not tries.begin(address):
            let_in[address].append(clock.now_s)
    for times in let_in.values():
        for at in range(len(times) - PER_ADDRESS):
            assert times[at + PER_ADDRESS] - times[at] >= WINDOW_S
