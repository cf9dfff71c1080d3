"""How often mails may be asked for, by address and by network."""

from uuid import UUID

from mercato_kit import limits
from mercato_kit.emails import canonical_email
from mercato_kit.limits import Take
from mercato_users.clients import Client

HOUR = 3600


def by_address(kind: str, email: str) -> Take:
    """Return a mail of a kind to an address: five at once, then one an hour."""
    return Take(f"mail.{kind}", canonical_email(email), burst=5, every=HOUR)


def by_network(kind: str, client: Client) -> Take:
    """Return a mail of a kind that a network asks for: ten at once, then one in three minutes."""
    return Take(f"mail.{kind}.network", client.counted_as, burst=10, every=180)


def by_device(kind: str, device_id: UUID) -> Take:
    """Return a mail of a kind that a known device asks for: five at once, then one an hour."""
    return Take(f"mail.{kind}.device", str(device_id), burst=5, every=HOUR)


def require(kind: str, email: str, client: Client, *, device_id: UUID | None = None) -> None:
    """Take a mail of a kind to an address, on behalf of a client.

    Args:
        kind: The kind.
        email: The address.
        client: Who asks for it.
        device_id: The known device of the account; strangers do not use up its mails.

    Raises:
        TooManyRequests: Too many were asked for.
    """
    if device_id is not None:
        limits.require(by_device(kind, device_id))
    else:
        limits.require(by_address(kind, email), by_network(kind, client))
