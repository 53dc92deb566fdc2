"""Which addresses are the public internet's. Pure; knows no URL, no setting and no name.

IPv6 has several ways to write an IPv4 address into its own, and a router or the host's own kernel
may lead each of them there: what is inside is looked at, too.
"""

import ipaddress
from typing import Final

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_UNICAST: Final = ipaddress.IPv6Network("2000::/3")  # all that IANA has given out
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052


def is_public(address: Address) -> bool:
    """Whether packets to it leave for the public internet, whatever it is written like."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return address in _UNICAST and address.is_global


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that is written into an IPv6 address."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
