"""Which hosts this product may connect to when somebody names an address: pure, deny by default.

A server that connects to wherever it is told is a door into the inner network: loopback, link-local (cloud metadata among
them), private and reserved networks are refused unless the county lists them.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Parse networks such as `10.20.0.0/16`.

    Raises:
        ValueError: naming the one that is none.
    """
    return tuple(ip_network(text, strict=True) for text in texts)


def listed(text: str) -> list[str]:
    """The networks of a setting, separated by commas."""
    return [part.strip() for part in text.split(",") if part.strip()]


def reached(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one (mapped, 6to4, NAT64): judged as what is reached in the end."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour or address
    if address in ip_network("64:ff9b::/96"):
        return ip_address(int(address) & 0xFFFFFFFF)
    return address


def allowed(address: Address, listed: Sequence[Network]) -> bool:
    """Whether a resolved host may be connected to: it is of the open network, or in a listed one."""
    plain = reached(address)
    if any(plain.version == network.version and plain in network for network in listed):
        return True
    return plain.is_global and not plain.is_multicast
