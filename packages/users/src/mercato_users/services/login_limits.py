"""How many logins may fail, by whom they are counted."""

from uuid import UUID

from mercato_kit import limits
from mercato_kit.emails import canonical_email
from mercato_kit.limits import Take
from mercato_users.clients import Client
from mercato_users.counters import DAY, MINUTES, Counter, Limit
from mercato_users.services import audit

ACCOUNT, FACTOR = "login.account", "factor.account"
"""Kinds of the counters of what strangers may try on an account."""

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
        Counter(ACCOUNT, canonical_email(email), _ACCOUNT),
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
    return [Counter(FACTOR, str(user_id), _FACTOR)]


def of_factor_on(digest: str) -> list[Counter]:
    """Return the same counters for the known device whose token has a hash; they are its own."""
    return [Counter("factor.device", digest, _FACTOR)]


def record_full(user_id: UUID) -> None:
    """Record in the audit trail that strangers are refused on an account, once in five minutes."""
    once = Take("login.throttled", str(user_id), burst=1, every=int(MINUTES.total_seconds()))
    if not limits.take(once)[once]:
        audit.record(user_id, "login_throttled")
