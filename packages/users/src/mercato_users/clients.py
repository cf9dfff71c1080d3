"""The client of a request, as far as it may be stored."""

import ipaddress
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """The client of a request.

    Args:
        address: IP address as text; None if unknown.
        user_agent: The User-Agent header.
    """

    address: str | None = None
    user_agent: str | None = None

    @property
    def prefix(self) -> str | None:
        """The network of the client, for storage: /24 of IPv4, /48 of IPv6."""
        return self._network(24, 48)

    @property
    def counted_as(self) -> str:
        """The network that attempts are counted by: an IPv4 address, or the /64 of an IPv6 one."""
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
