"""The client's address, by way of proxies that are trusted and of no others."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

_WITH_PORT = re.compile(r"(?P<v4>[0-9.]+):[0-9]+|\[(?P<v6>[0-9A-Fa-f:.]+)\](:[0-9]+)?")
_IPV6_PREFIX = 64  # one subscriber has at least a /64 (RFC 6177), so a limit for each single address would limit nobody


def client_address(peer: str, forwarded_for: Sequence[str], trusted: Sequence[IPv4Network | IPv6Network]) -> str:
    """The address that talked to the outermost trusted proxy.

    `forwarded_for` are the values of X-Forwarded-For headers in order. It is read from the right: each trusted proxy appended
    whom it saw, and what stands further left was written by the client.
    """
    if not (forwarded_for and trusted):
        return _canonical(peer)
    address = _parse(peer)
    if address is None:
        return peer
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    while hops and any(address in network for network in trusted):
        hop = _parse(_without_port(hops.pop()))
        if hop is None:
            break
        address = hop
    return str(address)


def limit_key(address: str) -> str:
    """What to count requests by: the address, or for IPv6 its /64 network."""
    parsed = _parse(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed), _IPV6_PREFIX), strict=False))  # without a scope, which the network has not
    return address


def _without_port(hop: str) -> str:
    """Some proxies write the port too: `192.0.2.1:4711`, `[2001:db8::1]:4711`."""
    matched = _WITH_PORT.fullmatch(hop)
    return (matched["v4"] or matched["v6"]) if matched else hop


# The same callers and proxies come again and again.
@lru_cache(maxsize=4096)
def _canonical(value: str) -> str:
    return str(_parse(value) or value)


@lru_cache(maxsize=4096)
def _parse(value: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(value)
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address
