"""The client of a request, as far as it may be stored."""

from dataclasses import dataclass

from flask import has_request_context, request

from mercato_kit.http.addresses import counted_as, network_of


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
        return network_of(self.address, bits_of_4=24, bits_of_6=48)

    @property
    def stored_agent(self) -> str | None:
        """The User-Agent header, for storage: at most 200 characters."""
        return (self.user_agent or "")[:200] or None

    @property
    def counted_as(self) -> str:
        """The network that attempts are counted by: an IPv4 address, or the /64 of an IPv6 one."""
        return counted_as(self.address)

    @property
    def site(self) -> str | None:
        """The /48 of an IPv6 address, which one site may have; None for IPv4."""
        return self.prefix if ":" in self.counted_as else None


UNKNOWN = Client()


def this_client() -> Client:
    """Return the client of the request; an unknown one outside of a request."""
    if not has_request_context():
        return UNKNOWN
    return Client(address=request.remote_addr, user_agent=request.headers.get("User-Agent"))
