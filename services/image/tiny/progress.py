"""One line on stderr that says what is being built, when a person is looking; otherwise nothing."""

import sys
from typing import Final

BAR_COLUMNS: Final = 24


class Progress:
    """A line that is written over; silent where stderr is no terminal."""

    def __init__(self) -> None:
        self._is_shown = sys.stderr.isatty()

    def step(self, text: str) -> None:
        """Say what is done now."""
        self._write(text)

    def amount(self, text: str, done_bytes: int, total_bytes: int) -> None:
        """Say how much of a known amount is done."""
        share = min(1.0, done_bytes / total_bytes) if total_bytes else 0.0
        filled = round(share * BAR_COLUMNS)
        bar = "█" * filled + "░" * (BAR_COLUMNS - filled)
        self._write(f"{text}  {bar}  {done_bytes / 1e6:.1f} of {total_bytes / 1e6:.1f} MB")

    def clear(self) -> None:
        """Leave the line empty for what comes next."""
        self._write("")

    def _write(self, text: str) -> None:
        if self._is_shown:
            sys.stderr.write(f"\r\033[K{text}")
            sys.stderr.flush()
