"""What is verified where an account has no password, so that the time does not tell it.

Hashes that were imported take other times than those made here, so that one dummy for all unknown
addresses would tell them from known ones. An address draws a scheme, always the same, in the
proportions of the accounts: the time tells a scheme, and not whether an account exists.
"""

import hashlib
import hmac
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from mercato_kit import keys
from mercato_kit.contexts import get_app
from mercato_kit.emails import canonical_email
from mercato_kit.reads import Read
from mercato_users import hashes
from mercato_users.models import User

DUMMY_HASH = (
    "$argon2id$v=19$m=19456,t=2,p=1"
    "$Y7toBfhEUQjH0sp6Tv0CNA$Zq/1HkhTEW72IEjqccmFFhdEk03P7jYT1e6yzXSrCOA"
)
"""A hash as they are made here; to make it at the start would take as long as a login."""

KEPT_SECONDS = 600
SAMPLE = 1000
"""Accounts from which the proportions are taken."""

EXTENSION = "mercato_users_dummies"
"""Where an app keeps the proportions."""

_HASHES = Read(
    sa.select(User.password_hash)
    .where(User.password_hash.is_not(None))
    # The same accounts in every process; what their addresses begin with tells no scheme.
    .order_by(User.email_canonical)
    .limit(SAMPLE)
)


@dataclass(frozen=True, slots=True)
class Shares:
    """The schemes of accounts: a hash of each, and the share of the accounts that have it.

    Args:
        hashes: By scheme.
        counts: By scheme, in the order in which they are drawn.
        read_at: When, on the monotonic clock.
    """

    hashes: dict[str, str]
    counts: dict[str, int]
    read_at: float

    @classmethod
    def of(cls, stored: Iterable[str], read_at: float) -> "Shares":
        """Return the shares of the schemes of hashes; those of unknown form do not count."""
        found: dict[str, str] = {}
        counts = Counter[str]()
        for one in stored:
            if scheme := hashes.scheme(one):
                found.setdefault(scheme, one)
                counts[scheme] += 1
        return cls(found, dict(sorted(counts.items())), read_at)

    def draw(self, share: float) -> str:
        """Return the hash of a scheme for a number from 0 to 1."""
        left = share * sum(self.counts.values())
        for scheme, count in self.counts.items():
            left -= count
            if left < 0:
                return self.hashes[scheme]
        return DUMMY_HASH


def draw(email: str) -> str:
    """Return the hash that is verified if the account of an address has none."""
    secret = keys.derive("users.dummy_hash").secret
    mac = hmac.digest(secret, canonical_email(email).encode(), hashlib.sha256)
    return _shares().draw(int.from_bytes(mac[:8], "big") / 2**64)


def _shares() -> Shares:
    """Return the shares, which are read anew after ten minutes, for all addresses."""
    extensions, now = get_app().extensions, time.monotonic()
    known: Shares | None = extensions.get(EXTENSION)
    if known is None or now - known.read_at > KEPT_SECONDS:
        known = Shares.of((one for (one,) in _HASHES.rows()), now)
        extensions[EXTENSION] = known
    return known
