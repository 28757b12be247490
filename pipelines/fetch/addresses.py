"""Where a name leads, and whether we may go there. The address that was checked is the address that is connected to.

A page that redirects to `http://169.254.169.254/`, or a name that resolves to 127.0.0.1 the second time it is asked,
would otherwise make the fetcher read what only this machine may read.
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

__all__ = ["Place", "Refused", "is_public", "places_of"]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(Exception):  # noqa: N818 - an outcome of one address, not a fault of the program
    """This address is not fetched; `outcome` says why, in one word."""

    def __init__(self, outcome: str) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(frozen=True, slots=True)
class Place:
    family: int
    address: str
    port: int


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, the IPv4 address inside an IPv6 one included."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return ip.is_global and not ip.is_multicast


def places_of(host: str, port: int, allow_private: bool) -> list[Place]:
    """All places a name leads to. Refuses a name that does not resolve, or of which any place is not public."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refused("dns_error") from error
    places = [Place(family, str(where[0]), port) for family, _, _, _, where in found]
    if not allow_private and not all(is_public(place.address) for place in places):
        raise Refused("private_address")
    return places
