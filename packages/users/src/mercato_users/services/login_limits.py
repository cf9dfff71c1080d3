"""How many logins may fail, by whom they are counted."""

from uuid import UUID

from mercato_kit.emails import canonical_email
from mercato_users.clients import Client
from mercato_users.counters import DAY, MINUTES, Counter, Limit

_ACCOUNT = (Limit(10, MINUTES), Limit(100, DAY))
_NETWORK = (Limit(100, MINUTES),)
_SITE = (Limit(300, MINUTES),)
_ALL = (Limit(1000, MINUTES),)
_DEVICE = (Limit(10, MINUTES), Limit(50, DAY))
_PASS = (Limit(5, DAY),)
_FACTOR = (Limit(10, MINUTES), Limit(50, DAY))


def of_strangers(email: str, client: Client) -> list[Counter]:
    """Return the counters of logins that are not known: by account, by network and of all."""
    found = [
        Counter("login.account", canonical_email(email), _ACCOUNT),
        Counter("login.network", client.counted_as, _NETWORK),
        Counter("login.all", "", _ALL),
    ]
    if client.site is not None:
        found.append(Counter("login.site", client.site, _SITE))
    return found


def of_device(digest: str) -> list[Counter]:
    """Return the counters of the known device whose token has a hash."""
    return [Counter("login.device", digest, _DEVICE)]


def of_pass(digest: str) -> list[Counter]:
    """Return the counters of the pass whose token has a hash."""
    return [Counter("login.pass", digest, _PASS)]


def of_factor(user_id: UUID) -> list[Counter]:
    """Return the counters of wrong second factors behind the right password of an account."""
    return [Counter("factor.account", str(user_id), _FACTOR)]


def of_factor_on(digest: str) -> list[Counter]:
    """Return the same counters for the known device whose token has a hash; they are its own."""
    return [Counter("factor.device", digest, _FACTOR)]
