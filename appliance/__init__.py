"""What every process stands on; imports nothing of services, storage or tui."""

from typing import Final

VERSION: Final = "0.4.0.dev0"
