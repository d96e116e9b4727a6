"""Which address does a client have, and which networks hold it? Plain values; a client can forge none of it."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")
# Some proxies add the port: 192.0.2.1:4711 and [2001:db8::1]:4711. Brackets may stand without one.
_WITH_PORT = re.compile(r"\[([^]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5}", re.ASCII)
_LONGEST = 100


def network(text: str) -> Network:
    """The network or the single address that a text names; ValueError says what is wrong with it."""
    found = ip_network(text)
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):
        return IPv4Network((int(found.network_address) & 0xFFFFFFFF, found.prefixlen - 96))
    return found


def client(remote: str, forwarded: str, *, proxies: int) -> Address | None:
    """The address of the client, or None where it is not known.

    `remote` is the peer of the connection, and `forwarded` the header X-Forwarded-For, to which each of `proxies`
    trusted ones has added the peer that it saw: so the client is that many from the right, and what stands further
    left came from the client and may be anything."""
    if not proxies:
        return _address(remote)
    entries = forwarded.rsplit(",", proxies)[-proxies:]
    return _address(entries[0]) if len(entries) == proxies else None


def _address(text: str) -> Address | None:
    text = text.strip(" \t")[: _LONGEST + 1]
    match = _WITH_PORT.fullmatch(text)
    if match:
        text = match[1] or match[2] or ""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
