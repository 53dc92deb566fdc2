"""Bells: one process wakes another."""

import contextlib
import os
import resource

from appliance import bell


def test_bells_ring_in_a_process_with_very_many_open_files(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as stack:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(limits[0], 2000), limits[1]))
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        for _ in range(1100):
            stack.callback(os.close, os.open("/dev/null", os.O_RDONLY))
        heard, silent = bell.Bell(tmp_path, "a"), bell.Bell(tmp_path, "b")
        bell.Ringer(tmp_path).ring("a")

        assert heard.fileno() > 1024  # the last that `select` takes
        assert bell.wait_any((silent, heard), 5.0) == {1}
        assert bell.wait_any((silent, heard), 0.01) == set()
