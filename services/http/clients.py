"""Which program asks, from what it says of itself in `User-Agent`; said, never proved."""

import functools
import re
from typing import Final

NAME_CHARS_MAX: Final = 24
_KNOWN_MAX: Final = 256  # agents whose names are remembered
# the first product, without its version and what only says that it is a client in Python
_PRODUCT: Final = re.compile(r"(?:python-)?([a-z][a-z0-9._+-]*?)(?:client|sdk)?(?=-?\d+\.|[/ ]|$)")


@functools.lru_cache(maxsize=_KNOWN_MAX)
def name(user_agent: str) -> str:
    """`openstack` of `openstacksdk/4.22.0 …`, `swift` of `python-swiftclient-4.11.0`, `boto3`,
    `aws-cli`, `tui`; empty for what is no name.
    """
    found = _PRODUCT.match(user_agent.lower())
    return found[1][:NAME_CHARS_MAX] if found else ""
