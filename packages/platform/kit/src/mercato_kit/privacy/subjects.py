"""Subject: a person, as features know them; it is stored sealed."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from mercato_kit import keys
from mercato_kit.models import SUBJECT as SEALED_FOR


@dataclass(frozen=True, slots=True)
class Subject:
    """A person whose data is exported or erased.

    Args:
        account: The id of the account; None for a guest.
        emails: Addresses in canonical form that are proved to be the person's.
        refs: Ids of single things of the person, by the word of their referent (``orders.order``).
        until: Of the things that have one of the addresses, only those made until then count: a
            request that waits leaves what a guest does later. None for all. Subjects are compared
            without it.
    """

    account: UUID | None = None
    emails: frozenset[str] = frozenset()
    refs: Mapping[str, frozenset[UUID]] = field(default_factory=dict)
    until: datetime | None = field(default=None, compare=False)

    def __bool__(self) -> bool:
        """Return whether it names anything."""
        return self.account is not None or bool(self.emails) or any(self.refs.values())

    def refs_of(self, word: str) -> frozenset[UUID]:
        """Return the ids by the word of their referent; none if it has none."""
        return self.refs.get(word, frozenset())

    def overlaps(self, other: "Subject") -> bool:
        """Return whether both have an account, an address or an id in common."""
        shares_account = self.account is not None and self.account == other.account
        refs = any(ids & other.refs_of(word) for word, ids in self.refs.items())
        return shares_account or bool(self.emails & other.emails) or refs

    def joined(self, other: "Subject") -> "Subject":
        """Return what either of them names."""
        words = {*self.refs, *other.refs}
        return Subject(
            self.account or other.account,
            self.emails | other.emails,
            {word: self.refs_of(word) | other.refs_of(word) for word in words},
            max(filter(None, (self.until, other.until)), default=None),
        )


def seal(subject: Subject) -> bytes:
    """Return a subject as it is stored."""
    return keys.seal(SEALED_FOR, _as_json(subject))


def unseal(sealed: bytes) -> Subject:
    """Return the subject of :func:`seal`.

    Raises:
        CannotOpen: It was sealed by a server key that this deployment does not have.
    """
    body = json.loads(keys.open(SEALED_FOR, sealed))
    return Subject(
        None if body["account"] is None else UUID(body["account"]),
        frozenset(body["emails"]),
        {word: frozenset(map(UUID, ids)) for word, ids in body["refs"].items()},
        None if body["until"] is None else datetime.fromisoformat(body["until"]),
    )


def key_of(subject: Subject) -> str:
    """Return the key by which open requests of one subject are found: an HMAC, 64 hex digits."""
    named = Subject(subject.account) if subject.account else replace(subject, until=None)
    key = keys.derive("kit.privacy_subject").secret
    return hmac.digest(key, _as_json(named), hashlib.sha256).hex()


def _as_json(subject: Subject) -> bytes:
    refs = {word: sorted(map(str, ids)) for word, ids in sorted(subject.refs.items()) if ids}
    account = None if subject.account is None else str(subject.account)
    until = None if subject.until is None else subject.until.isoformat()
    emails = sorted(subject.emails)
    body = {"account": account, "emails": emails, "refs": refs, "until": until}
    return json.dumps(body).encode()
