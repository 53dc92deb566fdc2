"""What a volume worker tells of its volumes when it is asked."""

import os

from services.volume import answers
from tests.services.volume.host import Host

STRANGER = "99999999-2222-4333-8444-555555555555"


def _asked(host: Host, volume_id: str = ""):
    told = answers.answers(host.settings, host.db, host.pool, host.exporter)
    return told["volumes"](volume_id)


def test_a_volume_in_use_is_told_with_its_export_and_who_is_logged_in(host: Host) -> None:
    volume, other = host.attached(host.add_instance()), host.available()
    told = _asked(host)["volumes"]

    assert told[volume.id]["is_there"]
    assert told[volume.id]["size_bytes"] == volume.size_gib << 30
    assert told[volume.id]["used_bytes"] == 0
    assert told[volume.id]["export"] == {"lun": 1, "is_right": True}
    assert told[volume.id]["sessions"] == []
    assert told[other.id]["export"] is None
    assert set(_asked(host, other.id)["volumes"]) == {other.id}


def test_what_a_volume_takes_on_the_disk_grows_with_what_is_written(host: Host) -> None:
    volume = host.available()
    with host.pool.place(volume.id).open("r+b") as file:
        file.seek(1 << 20)
        file.write(b"x" * (256 << 10))
        os.fsync(file.fileno())

    used_bytes = _asked(host)["volumes"][volume.id]["used_bytes"]
    assert 256 << 10 <= used_bytes <= 512 << 10


def test_lost_bytes_and_what_no_row_wants_are_told(host: Host) -> None:
    volume = host.available()
    host.pool.delete(volume.id)
    host.pool.create(STRANGER, size_bytes=512)
    told = _asked(host)

    assert not told["volumes"][volume.id]["is_there"]
    assert told["volumes"][volume.id]["size_bytes"] is None
    assert told["volumes"][volume.id]["used_bytes"] is None
    assert told["strays"] == [STRANGER]
