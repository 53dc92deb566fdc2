"""`python -m tests.fuzz [--minutes 10] [--seed N]`: the fuzzer against an API process of its own.

Says how many requests were answered how, what went wrong, and whether the process grew. Ends with 1
when anything did.
"""

import argparse
import contextlib
import http.client
import itertools
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from appliance import queue
from services.api import identity, image, verbs
from services.identity.api import Identity
from tests.fuzz import routes
from tests.fuzz.fuzzing import Answered, Asked, Finding, Fuzzer
from tests.system.image_processes import ImageProcesses

WARM_UP: Final = 0.2  # of the time: until then threads start and caches fill
GROWTH_MIB_MAX: Final = 32.0
FINDINGS_MAX: Final = 20  # of one kind there is no need to see more
_TIMEOUT_S: Final = 60.0


def main(argv: list[str]) -> int:
    """Fuzz, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--keep", action="store_true", help="leave the processes' logs")
    asked = parser.parse_args(argv)
    seed = int(time.time()) if asked.seed is None else asked.seed
    home = Path(tempfile.mkdtemp(prefix="nbx-fuzz-", dir="/var/tmp"))
    try:
        with contextlib.closing(ImageProcesses(home)) as processes:
            processes.start()
            return _run(processes, seconds=asked.minutes * 60, seed=seed)
    finally:
        if asked.keep:
            print(f"fuzz: its logs are in {home}")
        else:
            shutil.rmtree(home)


def _run(processes: ImageProcesses, *, seconds: float, seed: int) -> int:
    users = Identity(processes.settings, processes.db)
    asked = verbs.build(processes.settings, processes.db, queue.Queue(processes.settings), users)
    known = routes.of(
        identity.face(processes.settings, processes.db, users),
        image.face(processes.settings, asked.images),
    )
    tokens = {user: users.service_token(user) for user in ("admin", "demo", "nova")}
    ask = _Asker(processes.settings.api.address, processes.settings.api.port)
    fuzzer = Fuzzer(known, ask, tokens=tokens, seed=seed)
    print(f"fuzz: {len(known)} routes, seed {seed}", flush=True)
    began, warm_mib, found = time.monotonic(), 0.0, list[Finding]()
    while (gone := time.monotonic() - began) < seconds:
        found += [one for one in itertools.islice(fuzzer.run(), 200) if one is not None]
        if not warm_mib and gone > seconds * WARM_UP:
            warm_mib = processes.rss_mib("api")
        if len({one.route for one in found}) > FINDINGS_MAX:
            break
        if ask(Asked(method="GET", url="/identity/v3/auth/projects",
                     headers={"X-Auth-Token": fuzzer.tokens["admin"]})).status == 401:  # fmt: skip
            fuzzer.tokens |= {user: users.service_token(user) for user in tokens}
    return _tell(fuzzer, found, warm_mib=warm_mib, last_mib=processes.rss_mib("api"), seconds=gone)


def _tell(
    fuzzer: Fuzzer, found: list[Finding], *, warm_mib: float, last_mib: float, seconds: float
) -> int:
    statuses = fuzzer.asked_by_status
    print(f"fuzz: {sum(statuses.values())} requests in {seconds:.0f} s")
    print("fuzz: " + ", ".join(f"{statuses[one]} × {one}" for one in sorted(statuses)))
    print(f"fuzz: slowest answer {fuzzer.slowest_s * 1000:.0f} ms, {fuzzer.slowest_route}")
    print(f"fuzz: API process {warm_mib:.0f} MiB warmed up, {last_mib:.0f} MiB at the end")
    for one in {one.route: one for one in found}.values():
        print(f"✗ {one}")
    has_grown = last_mib - warm_mib > GROWTH_MIB_MAX
    return 1 if found or has_grown else 0


class _Asker:
    """One connection, opened again when it is closed."""

    def __init__(self, address: str, port: int) -> None:
        self._connection = http.client.HTTPConnection(address, port, timeout=_TIMEOUT_S)

    def __call__(self, asked: Asked) -> Answered:
        began = time.monotonic()
        try:
            status, body = self._again(asked)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            status, body = 0, repr(error).encode()
        return Answered(status=status, body=body, seconds=time.monotonic() - began)

    def _again(self, asked: Asked) -> tuple[int, bytes]:
        """As every client does: a connection that was closed after an answer is opened again."""
        try:
            return self._ask(asked)
        except (http.client.RemoteDisconnected, ConnectionResetError):
            self._connection.close()
            return self._ask(asked)

    def _ask(self, asked: Asked) -> tuple[int, bytes]:
        connection = self._connection
        connection.putrequest(asked.method, asked.url, skip_accept_encoding=True)
        for name, value in asked.headers.items():
            connection.putheader(name, value.encode("latin-1"))
        length_bytes = len(asked.body or b"") if asked.length_bytes is None else asked.length_bytes
        connection.putheader("Content-Length", str(length_bytes))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders(asked.body)  # too large a body is answered before its end
        if asked.length_bytes is not None:  # a client that goes away
            connection.close()
            return 0, b""
        with connection.getresponse() as answer:
            return answer.status, answer.read()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
