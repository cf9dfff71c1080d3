import pytest

from mercato_users.clients import Client


class TestClient:
    @pytest.mark.parametrize(
        ("address", "prefix", "counted_as"),
        [
            ("203.0.113.77", "203.0.113.0/24", "203.0.113.77/32"),
            ("::ffff:203.0.113.77", "203.0.113.0/24", "203.0.113.77/32"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48", "2001:db8:1:2::/64"),
            ("nonsense", None, "unknown"),
            (None, None, "unknown"),
        ],
    )
    def test_returns_networks(self, address, prefix, counted_as):
        """The stored network is wider than the network that attempts are counted by."""
        client = Client(address=address)

        assert (client.prefix, client.counted_as) == (prefix, counted_as)

    def test_returns_the_site_of_ipv6(self):
        """One site may have a whole /48; IPv4 addresses have no such network."""
        sites = [Client(address=address).site for address in ("2001:db8:1:2::3", "192.0.2.1", None)]

        assert sites == ["2001:db8:1::/48", None, None]
