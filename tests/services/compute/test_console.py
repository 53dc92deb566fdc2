import os
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


def test_what_is_too_old_goes_and_what_stays_keeps_its_place(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    with log.open("ab", buffering=0) as qemu:
        qemu.write(b"y" * console.KEPT_BYTES_MAX)
        assert not console.trim(log)
        qemu.write(b"z" * console.KEPT_BYTES_MAX + b"last words")
        assert console.trim(log)
        assert not console.trim(log)
        qemu.write(b" and more")
        fd = qemu.fileno()
        before_bytes = 2 * console.KEPT_BYTES_MAX

        assert os.fstat(fd).st_blocks * 512 < console.KEPT_BYTES_MAX + (64 << 10)
        with log.open("rb") as reader:
            assert console.read(reader.fileno(), before_bytes, 99) == b"last words and more"
            assert console.read(reader.fileno(), before_bytes + 19, 99) == b""
            assert console.read(reader.fileno(), console.KEPT_BYTES_MAX + 19, 1) == b"z"
            assert console.read(reader.fileno(), console.KEPT_BYTES_MAX + 18, 1) is None
            assert console.read(reader.fileno(), before_bytes + 20, 1) is None


def test_what_is_shown_begins_with_a_whole_line_and_knows_the_newest_boot(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    console.mark_boot(log)
    first = log.stat().st_size
    with log.open("ab") as qemu:
        qemu.write(b"0123456789\r\n" * 100_000 + b"half a line")
    console.mark_boot(log)
    with log.open("rb") as reader:
        shown = console.kept(reader.fileno())
        text = log.read_bytes()

        assert text.startswith(b"=== novabox: boot 20")
        assert text[shown.start :].startswith(b"0123456789\r\n0123")
        assert shown.end == len(text)
        assert 0 <= console.SHOWN_BYTES - (shown.end - shown.start) <= 12
        assert shown.boot == first + 12 * 100_000 + len(b"half a line\r\n")
        assert text[shown.boot :].decode().endswith("Z ===\r\n")


def test_a_short_log_is_shown_from_its_first_boot(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    console.mark_boot(log)
    with log.open("rb") as reader:
        assert console.kept(reader.fileno()) == console.Kept(
            start=0, end=log.stat().st_size, boot=0
        )
        assert not console.is_over(reader.fileno())
        log.unlink()
        assert console.is_over(reader.fileno())
