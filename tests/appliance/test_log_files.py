"""The ends of logs."""

import pytest

from appliance import config, errors, log_files


@pytest.fixture
def log(settings: config.Settings):
    """The log of the image worker."""
    folder = settings.home / "log"
    folder.mkdir()
    return folder / "image.log"


def test_the_newest_lines_and_what_comes_after(settings, log):
    log.write_text("".join(f"line {number}\n" for number in range(10)))

    piece = log_files.tail(settings, "image", lines=3)

    assert (piece.lines, piece.offset) == (["line 7", "line 8", "line 9"], 70)
    assert log_files.tail(settings, "image", lines=0).lines == []
    assert log_files.after(settings, "image", piece.offset).lines == []


def test_a_new_file_is_read_from_its_beginning(settings, log):
    log.write_text("a line of the new one\n")

    assert log_files.after(settings, "image", 99_999).lines == ["a line of the new one"]


def test_a_huge_log_is_read_from_near_its_end_in_whole_lines(settings, log, monkeypatch):
    monkeypatch.setattr(log_files, "_BYTES_MAX", 25)
    log.write_text("".join(f"line {number}\n" for number in range(10)))

    assert log_files.tail(settings, "image").lines == ["line 7", "line 8", "line 9"]


def test_bytes_that_are_no_text_are_shown_as_such(settings, log):
    log.write_bytes(b"caf\xe9\n")

    assert log_files.tail(settings, "image").lines == ["caf\ufffd"]


def test_where_there_is_no_file_the_line_for_systemd_is_named(settings):
    with pytest.raises(errors.Conflict, match="journalctl -u novabox-image"):
        log_files.tail(settings, "image")
    with pytest.raises(errors.NotFound):
        log_files.tail(settings, "../etc/credentials.json")
