import pytest

from mercato_kit.hosts import is_example, is_link_local, is_loopback, is_private

KINDS = {
    "127.0.0.1": {is_loopback, is_private},
    "127.9.9.9": {is_loopback, is_private},
    "::1": {is_loopback, is_private},
    "localhost": {is_loopback, is_private},
    "169.254.169.254": {is_link_local, is_private},
    "fe80::1": {is_link_local, is_private},
    "10.0.0.1": {is_private},
    "fd00::1": {is_private},
    "0.0.0.0": {is_private},  # noqa: S104
    "shop": {is_private},
    "printer.local": {is_private},
    "db.internal.": {is_private},
    "": {is_private},
    "example.com": {is_example},
    "www.EXAMPLE.org.": {is_example},
    "id.example": {is_example},
    "8.8.8.8": set(),
    "www.your-shop.tld": set(),
    "example.your-shop.tld": set(),
    "localhost.your-shop.tld": set(),
}


@pytest.mark.parametrize("host", KINDS)
def test_hosts_are_told_apart(host):
    """Addresses and names are this machine, its link, a private network or an example."""
    kinds = {kind for kind in (is_example, is_link_local, is_loopback, is_private) if kind(host)}

    assert kinds == KINDS[host]
