"""The contract ``people``: how to reach the owners of accounts."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

ANSWERS: Final = "one"


@dataclass(frozen=True, slots=True)
class Person:
    """The owner of an account. Names are those of the OpenID Connect standard claims.

    Args:
        id: The account, which is the subject of its tokens.
        email: The address, as its owner wrote it.
        email_verified: Whether the owner has proved that the address is theirs.
        given_name: First name.
        family_name: Last name.
        locale: Preferred language (BCP 47).
    """

    id: UUID
    email: str
    email_verified: bool
    given_name: str | None = None
    family_name: str | None = None
    locale: str | None = None


class People(Protocol):
    """Knows the owners of accounts."""

    def get_many(self, subjects: Collection[UUID]) -> Mapping[UUID, Person]:
        """Return people by id, in one SELECT. Erased and unknown ones are left out."""
        ...
