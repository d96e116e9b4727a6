"""The address of the client behind trusted proxies, and networks to compare it with; no client can forge its own."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")
# Some proxies add the port: 192.0.2.1:4711 and [2001:db8::1]:4711. Some send brackets without a port.
_WITH_PORT = re.compile(r"\[([^]]*)\](?::\d{1,5})?|([\d.]+):\d{1,5}", re.ASCII)
_LONGEST_ADDRESS = 100


def network(text: str) -> Network:
    """The network or address that the text names, as IPv4 if it is IPv4-mapped; ValueError says what is wrong."""
    parsed = ip_network(text)
    if isinstance(parsed, IPv6Network) and parsed.subnet_of(_MAPPED):
        return IPv4Network((int(parsed.network_address) & 0xFFFFFFFF, parsed.prefixlen - 96))
    return parsed


def client(remote: str, forwarded: str, *, proxies: int) -> Address | None:
    """The address of the client, or None if it is not known.

    `remote` is the peer of the connection. `forwarded` is the header X-Forwarded-For, to which each trusted proxy
    has added the peer that it saw. So the client is the entry `proxies` from the right. The client itself sent
    everything further left, which may be anything."""
    if not proxies:
        return _address(remote)
    entries = forwarded.rsplit(",", proxies)[-proxies:]
    return _address(entries[0]) if len(entries) == proxies else None


def _address(text: str) -> Address | None:
    text = text.strip(" \t")[: _LONGEST_ADDRESS + 1]
    match = _WITH_PORT.fullmatch(text)
    if match:
        text = match[1] or match[2] or ""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
