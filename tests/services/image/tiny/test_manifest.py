from pathlib import Path

from services.image.tiny import manifest


def _write(folder: Path) -> manifest.Manifest:
    for name in manifest.FORMATS_BY_FILE:
        (folder / name).write_text(name)
    made = manifest.Manifest(
        inputs="f00",
        kernel_release="6.1.0",
        kernel_command_line="quiet",
        missing_modules=["9p"],
        files={name: manifest.describe(folder / name) for name in manifest.FORMATS_BY_FILE},
    )
    manifest.write(made, folder)
    return made


def test_what_was_written_is_found_and_true(tmp_path: Path) -> None:
    made = _write(tmp_path)

    assert made == manifest.find(tmp_path)
    assert made.is_true_of(tmp_path)


def test_a_changed_or_lost_file_makes_it_untrue(tmp_path: Path) -> None:
    made = _write(tmp_path)
    image = tmp_path / "ami-tiny.img"

    image.write_text("other")
    assert not made.is_true_of(tmp_path)
    image.unlink()
    assert not made.is_true_of(tmp_path)


def test_a_manifest_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert manifest.find(tmp_path) is None
    for text in ("", "[]", "{}", '{"files": {"a": {}}}', '{"files": {}, "inputs": "x"}'):
        (tmp_path / manifest.NAME).write_text(text)
        assert manifest.find(tmp_path) is None
