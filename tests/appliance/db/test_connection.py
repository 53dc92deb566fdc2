"""Opening a database file that others open too."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from appliance.db import connection

OPENERS = 4


def test_a_new_file_can_be_opened_by_several_at_once(tmp_path: Path) -> None:
    together = threading.Barrier(OPENERS)

    def open_and_write(path: Path) -> None:
        together.wait(30)
        database = connection.connect(path)
        database.execute("CREATE TABLE IF NOT EXISTS hops (id)")
        database.close()

    with ThreadPoolExecutor(OPENERS) as pool:
        for attempt in range(50):
            path = tmp_path / f"{attempt}.db"
            list(pool.map(open_and_write, [path] * OPENERS))
