"""Questions that one process asks another at once."""

import threading
import time

import pytest

from appliance import errors, inquiry


def test_a_worker_answers_what_it_is_asked(tmp_path):
    inquiry.serve(tmp_path, "compute.box1", {"guests": lambda key: {"id": key, "é": [1, None]}})

    assert inquiry.ask(tmp_path, "compute.box1", "guests", "i1") == {"id": "i1", "é": [1, None]}


def test_nobody_there_is_unavailable_at_once(tmp_path):
    began = time.monotonic()
    with pytest.raises(errors.Unavailable, match=r"compute\.box1 did not answer guests i1"):
        inquiry.ask(tmp_path, "compute.box1", "guests", "i1")

    assert time.monotonic() - began < 1


def test_a_worker_that_is_dead_is_unavailable_and_its_next_life_is_asked(tmp_path):
    inquiry.serve(tmp_path, "volume", {"life": lambda _: 1})
    inquiry.serve(tmp_path, "volume", {"life": lambda _: 2})

    assert inquiry.ask(tmp_path, "volume", "life") == 2


def test_a_refusal_reaches_who_asks_with_its_reason(tmp_path):
    def refuse(_: str) -> None:
        raise errors.HypervisorError("libvirt: gone")

    inquiry.serve(tmp_path, "t", {"q": refuse, "bug": lambda _: 1 / 0})
    with pytest.raises(errors.Unavailable, match="libvirt: gone"):
        inquiry.ask(tmp_path, "t", "q")
    with pytest.raises(errors.Unavailable, match="ZeroDivisionError"):
        inquiry.ask(tmp_path, "t", "bug")
    with pytest.raises(errors.Unavailable, match="KeyError"):
        inquiry.ask(tmp_path, "t", "unheard-of")


def test_who_asks_waits_no_longer_than_it_said(tmp_path):
    go_on = threading.Event()
    inquiry.serve(tmp_path, "t", {"slow": lambda _: go_on.wait(20)})
    with pytest.raises(errors.Unavailable, match="timed out"):
        inquiry.ask(tmp_path, "t", "slow", timeout_s=0.2)
    go_on.set()

    assert inquiry.ask(tmp_path, "t", "slow") is True


def test_a_large_answer_comes_whole(tmp_path):
    inquiry.serve(tmp_path, "t", {"q": lambda _: "x" * 3_000_000})

    assert len(inquiry.ask(tmp_path, "t", "q")) == 3_000_000


def test_a_server_that_is_closed_answers_no_more(tmp_path):
    server = inquiry.serve(tmp_path, "t", {"q": lambda _: 1})
    assert inquiry.ask(tmp_path, "t", "q") == 1
    server.close()
    server.close()

    with pytest.raises(errors.Unavailable):
        inquiry.ask(tmp_path, "t", "q")
