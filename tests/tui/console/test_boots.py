"""Where a boot begins."""

from __future__ import annotations

import pytest

from tui.console import boots


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("[    0.000000] Linux version 6.1.0-18-cloud-amd64 (gcc 12.2)", True),
        ("SeaBIOS (version 1.16.2-debian-1.16.2-1)", True),
        ("=== novabox: boot 2026-11-27T10:00:00.000000Z ===", True),
        ("Linux version 5.15.0", True),
        ("iPXE 1.21.1 -- Open Source Network Boot Firmware", True),
        ("[    1.204000] Linux version 6.1.0", False),
        ("$ echo Linux version 6", False),
        ("Linux versions differ", False),
        ("", False),
    ],
)
def test_a_boot_begins_where_firmware_or_kernel_speak_first(line: str, *, expected: bool) -> None:
    assert boots.is_start(line) is expected
