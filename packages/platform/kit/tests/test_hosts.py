import pytest

from mercato_kit.hosts import (
    is_example,
    is_host,
    is_http_url,
    is_link_local,
    is_loopback,
    is_private,
)

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


@pytest.mark.parametrize(
    "host",
    ["localhost", "mail_1", "mail.your-shop.tld.", "bücher.tld", "10.0.0.1", "::1", "1und1.de"],
)
def test_hosts_are_names_and_addresses(host):
    """The name of a host or container, an IPv4 and an IPv6 address are hosts."""
    assert is_host(host)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "a..b", "-a.tld", "a-.tld", ".shop.tld", "a" * 64, "a." * 130 + "tld"),
        *("mail:587", "smtp://mail", "[::1]", "a b", "mail\n", "x@mail", "10.0.0.300", "a/b"),
    ],
)
def test_other_texts_are_no_hosts(text):
    """A scheme, a port, brackets, spaces and broken names or addresses are refused."""
    assert not is_host(text)


@pytest.mark.parametrize(
    "url",
    [
        *("http://localhost", "https://shop.tld:8443/a/b", "https://[::1]:1/", "https://a.tld?x=1"),
        *("http://127.0.0.1:65535", "https://shop.tld/ä"),
    ],
)
def test_urls_have_a_host(url):
    """Port, path and query are optional."""
    assert is_http_url(url)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "shop.tld",
            "//shop.tld",
            "ftp://shop.tld",
            "https://",
            "https:///a",
            "HTTP://shop.tld",
            "https:shop",
        ),
        *("https://[::1", "https://a]b", "https://[a]", "https://:443", "https://a_b/ c"),
        *("https://a:0", "https://a:99999", "https://a:b", "https://a..b", "https://10.0.0.300"),
        *("https://u:p@a", "https://@a", "https://a#b", "https://a#", "https://a\\b"),
        *(" https://a", "https://a\n", "https://a/\tb", "https://a/\u2028", "https://a\x00"),
    ],
)
def test_other_texts_are_no_urls(text):
    """What is no URL, cannot be parsed, or has credentials or a fragment is refused."""
    assert not is_http_url(text)
