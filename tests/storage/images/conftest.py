"""A scripted server of objects."""

import http.server
import threading
from collections.abc import Iterator

import pytest

from tests.storage.images.script import Script


@pytest.fixture
def script() -> Iterator[type[Script]]:
    kind = type("Script", (Script,), {"answers": [], "asked": [], "bodies": [], "more": {}})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), kind)
    kind.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield kind
    server.shutdown()
    thread.join()
    server.server_close()
