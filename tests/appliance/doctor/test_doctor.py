"""The doctor as a command: what it prints, what it mends, what it ends with."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance import config, doctor, errors
from appliance.doctor import applied
from appliance.doctor import check as checks
from appliance.doctor.check import Check, Status


class Patient:
    """Something broken that a fix mends, or not."""

    def __init__(self, *, is_curable: bool = True) -> None:
        self.is_curable = is_curable
        self.is_well = False
        self.treatments = 0

    def look(self, settings: config.Settings) -> Check:
        if self.is_well:
            return checks.ok("patient", "well")
        return checks.fail("patient", "ill", fix="take two", apply=self.treat)

    def treat(self) -> None:
        self.treatments += 1
        if not self.is_curable:
            raise errors.HostError("no pills left")
        self.is_well = True


def _always(made: Check) -> Callable[[config.Settings], Check]:
    return lambda settings: made


def test_all_well_ends_with_zero(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = [_always(checks.ok("memory", "enough"))]

    assert doctor.run(settings, looks=looks) == 0
    assert capsys.readouterr().out == (
        "● memory           enough\n\nThis machine can be a cloud.\n"
    )


def test_what_could_be_better_is_no_failure(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = [_always(checks.warn("disk", "small", fix="buy one"))]

    assert doctor.run(settings, looks=looks) == 0
    out = capsys.readouterr().out
    assert "▲ disk             small\n                   do: buy one\n" in out
    assert "1 of 1 could be better" in out


def test_a_red_line_has_its_fix_below_and_ends_with_one(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = Patient()

    assert doctor.run(settings, looks=[patient.look]) == 1
    out = capsys.readouterr().out
    assert "✗ patient          ill\n                   fix: take two\n" in out
    assert "novabox doctor --fix" in out
    assert patient.treatments == 0


def test_fix_mends_and_looks_again(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = Patient()

    assert doctor.run(settings, fix=doctor.ALL, looks=[patient.look]) == 0
    assert "● patient          well (done: take two)\n" in capsys.readouterr().out


def test_a_fix_that_fails_says_why(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    patient = Patient(is_curable=False)

    assert doctor.run(settings, fix=doctor.ALL, looks=[patient.look]) == 1
    assert "✗ patient          ill; the fix failed: no pills left\n" in capsys.readouterr().out


def test_json_has_every_check_and_the_verdict(
    settings: config.Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    looks = [_always(checks.ok("memory", "enough")), Patient().look]

    assert doctor.run(settings, as_json=True, looks=looks) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["is_ready"] is False
    assert document["checks"][1] == {
        "name": "patient", "status": "fail", "finding": "ill", "fix": "take two",
        "is_fixable": True, "is_fixed": False, "undo": "",
    }  # fmt: skip


class Lamp:
    """A machine on which something is switched on by one command, and off by another."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "lamp"

    def look(self, settings: config.Settings) -> Check:
        if self.file.exists():
            return checks.ok("lamp", "on")
        line = ("touch", str(self.file))
        return checks.fail(
            "lamp", "off", fix=" ".join(line), apply=checks.commands(line),
            undo=(("rm", str(self.file)),),
        )  # fmt: skip


def test_one_fix_is_applied_and_taken_back(
    settings: config.Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lamp, patient = Lamp(tmp_path), Patient()
    looks = [lamp.look, patient.look]

    assert doctor.run(settings, fix="lamp", as_json=True, looks=looks) == 1
    told = {one["name"]: one for one in json.loads(capsys.readouterr().out)["checks"]}
    assert (told["lamp"]["status"], told["lamp"]["is_fixed"]) == ("ok", True)
    assert told["lamp"]["undo"] == f"rm {lamp.file}"
    assert (patient.treatments, lamp.file.exists()) == (0, True)

    assert doctor.undo(settings, "lamp") == 0
    assert capsys.readouterr().out == f"lamp: taken back: rm {lamp.file}\n"
    assert not lamp.file.exists()
    with pytest.raises(errors.NotFound, match="lamp"):
        doctor.undo(settings, "lamp")


def test_a_fix_that_failed_is_not_taken_back(settings: config.Settings, tmp_path: Path) -> None:
    lamp = Lamp(tmp_path / "nowhere")

    assert doctor.run(settings, fix="lamp", looks=[lamp.look]) == 1
    assert applied.all_applied(settings) == []


def test_all_fixes_are_taken_back_the_newest_first(
    settings: config.Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        applied.note(settings, name, fix="", undo=(("true", name),))

    assert doctor.undo(settings, doctor.ALL) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["two", "one"]
    assert doctor.undo(settings, doctor.ALL) == 0
    assert "No fix was applied here" in capsys.readouterr().out


def test_a_fix_that_cannot_be_taken_back_now_is_kept(settings: config.Settings) -> None:
    applied.note(settings, "door", fix="", undo=(("false",),))
    applied.note(settings, "door", fix="", undo=(("true",),))  # a later one knows less

    with pytest.raises(errors.HostError, match="false ended with 1"):
        doctor.undo(settings, "door")
    assert [one.name for one in applied.all_applied(settings)] == ["door"]


def test_a_check_that_is_not_there_or_only_a_person_mends_is_refused(
    settings: config.Settings,
) -> None:
    looks = [_always(checks.fail("disk", "small", fix="buy one"))]

    with pytest.raises(errors.NotFound, match="unicorn"):
        doctor.run(settings, fix="unicorn", looks=looks)
    with pytest.raises(errors.Conflict, match="only you can mend it: buy one"):
        doctor.run(settings, fix="disk", looks=looks)


@pytest.mark.host
def test_every_check_of_this_machine_is_one_line_and_red_ones_have_a_fix(home: Path) -> None:
    settings = config.parse({"compute": {"virt_type": "qemu"}}, home=home)

    found = doctor.checks(settings)

    assert len(found) == len(doctor.LOOKS) == len({check.name for check in found})
    for check in found:
        assert "\n" not in check.finding + check.fix
        assert check.finding
        assert check.fix or check.status is not Status.FAIL
