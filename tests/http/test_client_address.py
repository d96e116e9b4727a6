from ipaddress import ip_address, ip_network

import pytest

from downtime.http.client_address import client, network


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("192.0.2.1", "192.0.2.1/32"),
        ("198.51.100.0/24", "198.51.100.0/24"),
        ("198.51.100.0/255.255.255.0", "198.51.100.0/24"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("2001:db8::1", "2001:db8::1/128"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("::/0", "::/0"),
    ],
)
def test_a_network_is_an_address_or_cidr(text: str, found: str) -> None:
    assert network(text) == ip_network(found)


@pytest.mark.parametrize(
    "text", ["", " ", "localhost", "10", "192.0.2.300", "010.0.0.1", "10.0.0.1/8", "10.0.0.0/33", "10.*", "fe80::1/10"]
)
def test_what_is_no_network_is_refused_with_what_is_wrong(text: str) -> None:
    with pytest.raises(ValueError, match=r"does not appear to be|has host bits set"):
        network(text)


@pytest.mark.parametrize(
    ("remote", "found"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("", None),
        ("unix:", None),
        ("/run/site.sock", None),
    ],
)
def test_without_a_proxy_the_client_is_the_peer(remote: str, found: str | None) -> None:
    for forwarded in ("", "192.0.2.99", "192.0.2.99, 192.0.2.98", ","):
        assert client(remote, forwarded, proxies=0) == (ip_address(found) if found else None)


@pytest.mark.parametrize(
    ("forwarded", "proxies", "found"),
    [
        ("192.0.2.1", 1, "192.0.2.1"),
        ("192.0.2.99, 192.0.2.1", 1, "192.0.2.1"),
        ("192.0.2.99,192.0.2.1,198.51.100.1", 2, "192.0.2.1"),
        ("garbage, 192.0.2.1", 1, "192.0.2.1"),
        (", , ,192.0.2.1", 1, "192.0.2.1"),
        ("  192.0.2.1  ", 1, "192.0.2.1"),
        ("\t192.0.2.1\t", 1, "192.0.2.1"),
        ("192.0.2.1:4711", 1, "192.0.2.1"),
        ("[2001:db8::1]", 1, "2001:db8::1"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("2001:db8::1", 1, "2001:db8::1"),
        ("::ffff:192.0.2.1", 1, "192.0.2.1"),
        ("[::ffff:192.0.2.1]:4711", 1, "192.0.2.1"),
        ("::FFFF:C000:0201", 1, "192.0.2.1"),
        ("fe80::1%eth0", 1, "fe80::1%eth0"),
        ("192.0.2.99, " * 1000 + "192.0.2.1", 1, "192.0.2.1"),
        ("", 1, None),
        ("192.0.2.1", 2, None),
        ("192.0.2.1, ", 1, None),
        ("192.0.2.1, unknown", 1, None),
        ("192.0.2.1, _hidden", 1, None),
        ("192.0.2.1;198.51.100.1", 1, None),
        ("192.0.2.1 198.51.100.1", 1, None),
        ('"192.0.2.1"', 1, None),
        ("192.0.2.1:4711:12", 1, None),
        ("192.0.2.1:123456", 1, None),
        ("[192.0.2.1", 1, None),
        ("192.0.2.1%eth0", 1, None),
        ("192.0.2.1/24", 1, None),
        ("192.0.2.01", 1, None),
        ("0300.0.2.1", 1, None),
        ("3221225985", 1, None),
        ("١٩٢.0.2.1", 1, None),
        ("1" * 100_000, 1, None),
        ("192.0.2.1", 100_000, None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_behind_proxies_the_client_is_that_many_from_the_right(forwarded: str, proxies: int, found: str | None) -> None:
    assert client("203.0.113.9", forwarded, proxies=proxies) == (ip_address(found) if found else None)
