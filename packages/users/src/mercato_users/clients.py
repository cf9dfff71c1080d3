"""Where a request came from, as far as the feature may remember it."""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """The other end of a connection.

    Args:
        address: IP address as text, where known.
        user_agent: What its software calls itself.
    """

    address: str | None = None
    user_agent: str | None = None

    @property
    def prefix(self) -> str | None:
        """The network it is in: what is stored. /24 of IPv4, /48 of IPv6."""
        return self._network(24, 48)

    @property
    def counted_as(self) -> str:
        """What attempts are counted by: an IPv4 address, or the /64 one IPv6 customer has."""
        return self._network(32, 64) or "unknown"

    def _network(self, bits_of_4: int, bits_of_6: int) -> str | None:
        try:
            address = ipaddress.ip_address(self.address or "")
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        bits = bits_of_4 if address.version == 4 else bits_of_6
        return str(ipaddress.ip_network(f"{address}/{bits}", strict=False))


UNKNOWN = Client()
