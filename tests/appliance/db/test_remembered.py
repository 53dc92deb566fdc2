"""What is remembered of the database holds until something is written, by whomever."""

from appliance.db import connection, key_pairs, services
from appliance.db.remembered import Remembered


def _write(db: connection.Database) -> None:
    with db.transaction() as tx:
        services.register(tx, "scheduler", name="scheduler", host="box1")


def test_it_is_there_until_something_is_written(db):
    known = Remembered[str](db.version, entries_max=10)
    version, missing = known.find("a")
    known.keep("a", "what was read", version=version)

    assert (missing, known.find("a")[1]) == (None, "what was read")
    _write(db)
    assert known.find("a")[1] is None


def test_another_process_s_write_counts_too(db, settings):
    known = Remembered[str](db.version, entries_max=10)
    version, _ = known.find("a")
    known.keep("a", "what was read", version=version)

    other = connection.open_db(settings.home)
    _write(other)
    other.close()

    assert known.find("a")[1] is None


def test_what_was_read_while_something_was_written_is_not_kept(db):
    known = Remembered[str](db.version, entries_max=10)
    version, _ = known.find("a")
    _write(db)
    known.find("b")  # somebody else notices first
    known.keep("a", "of before or after", version=version)

    assert known.find("a")[1] is None


def test_reading_and_taking_back_change_no_version(db):
    version = db.version()
    key_pairs.of_user(db, "u1")
    try:
        with db.transaction() as tx:
            services.register(tx, "scheduler", name="scheduler", host="box1")
            raise RuntimeError
    except RuntimeError:
        pass

    assert db.version() == version


def test_it_never_grows_over_its_bound(db):
    known = Remembered[int](db.version, entries_max=3)
    version, _ = known.find(0)
    for number in range(10):
        known.keep(number, number, version=version)

    assert sum(known.find(number)[1] is not None for number in range(10)) <= 3
