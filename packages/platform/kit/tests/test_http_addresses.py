import pytest

from mercato_kit.http.addresses import clean_address, counted_as, network_of


class TestCleanAddress:
    @pytest.mark.parametrize(
        ("text", "address"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.7:5", "192.0.2.7"),
            (" 192.0.2.7:65535 ", "192.0.2.7"),
            ("2001:db8::1", "2001:db8::1"),
            ("2001:DB8:0:0::0:1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:5", "2001:db8::1"),
            ("fe80::1%eth0", "fe80::1"),
            ("[fe80::1%eth0]:5", "fe80::1"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("[::ffff:192.0.2.7]:5", "192.0.2.7"),
        ],
    )
    def test_has_one_spelling_for_each_address(self, text, address):
        """Ports, brackets, zones, case and mapping do not matter."""
        assert clean_address(text) == address

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "unknown",
            "_hidden",
            "192.0.2",
            "192.0.2.256",
            "192.0.2.07",
            "192.0.2.7:",
            "192.0.2.7:http",
            "192.0.2.7:123456",
            "192.0.2.7, 192.0.2.8",
            "[]",
            "[]:5",
            "[192.0.2.7",
            "2001:db8::1]:5",
            "%eth0",
            "localhost",
            "\u0661\u0669\u0662.0.2.7",
            "1" * 5000,
        ],
    )
    def test_is_none_without_an_address(self, text):
        """Anything else is no address."""
        assert clean_address(text) is None


class TestNetworkOf:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
            ("nonsense", None),
            (None, None),
        ],
    )
    def test_has_a_prefix_for_each_version(self, address, network):
        """The prefix of IPv4 or of IPv6 is taken."""
        assert network_of(address, bits_of_4=24, bits_of_6=48) == network


class TestCountedAs:
    @pytest.mark.parametrize(
        ("address", "network"),
        [
            ("203.0.113.77", "203.0.113.77/32"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("nonsense", "unknown"),
            (None, "unknown"),
        ],
    )
    def test_is_an_address_or_a_64(self, address, network):
        """IPv4 counts by address, IPv6 by /64, and clients without an address count together."""
        assert counted_as(address) == network
