from pathlib import Path

from services.compute import console


def test_the_tail_is_the_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"one\ntwo\x0c still two\nthree\n")

    assert console.tail(log, lines=2) == "two\x0c still two\nthree\n"
    assert console.tail(log, lines=0) == ""
    assert console.tail(log) == "one\ntwo\x0c still two\nthree\n"


def test_a_last_line_without_an_end_is_a_line(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"one\nlogin: ")

    assert console.tail(log, lines=1) == "login: "


def test_the_tail_is_bounded_and_survives_foreign_bytes(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"x" * 100 + b"\xff\xfe!")

    assert console.tail(log, size_bytes=3) == "\ufffd\ufffd!"


def test_no_log_yet_is_an_empty_tail(tmp_path: Path) -> None:
    assert console.tail(tmp_path / "console.log") == ""
    assert not console.trim(tmp_path / "console.log")


def test_a_log_that_grew_too_long_is_cut_under_its_writers_hands(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    with log.open("ab", buffering=0) as qemu:
        qemu.write(b"y" * console.KEPT_BYTES_MAX)
        assert not console.trim(log)
        qemu.write(b"last words")
        assert console.trim(log)
        qemu.write(b" and more")

    assert log.stat().st_size == console.TAIL_BYTES + len(b" and more")
    assert log.read_bytes().endswith(b"last words and more")
