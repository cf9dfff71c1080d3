"""Principal: the caller of a request."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request.

    Args:
        sub: The id that other features store; None for a guest.
        kind: A person, a program, or a guest, who is unknown.
        email: An address that mail can be sent to, as its owner wrote it.
        email_verified: Whether the caller has proved to own it.
        permissions: Names of permissions that the caller holds.
        session_id: The session that the credentials belong to.
        name: One line of at most 255 characters, for people to read.
        key_id: The API key that the credentials are.
        acr: How the caller signed in: 1 with one factor, 2 with a second one.
        amr: The methods of it (RFC 8176), such as ``pwd``.
        auth_time: When the caller last proved its identity; None if that is unknown.
        factor: Whether the account has a second factor.
        withheld: Permissions that the account holds, and this session lacks until it has acr 2.
    """

    sub: UUID | None = None
    kind: Literal["user", "service", "guest"] = "guest"
    email: str | None = None
    email_verified: bool = False
    permissions: frozenset[str] = frozenset()
    session_id: UUID | None = None
    name: str | None = None
    key_id: UUID | None = None
    acr: Literal[1, 2] = 1
    amr: tuple[str, ...] = ()
    auth_time: datetime | None = None
    factor: bool = False
    withheld: frozenset[str] = frozenset()

    def may(self, permission: str) -> bool:
        """Return whether the caller holds *permission*."""
        return permission in self.permissions


GUEST = Principal()
