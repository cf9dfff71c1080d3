"""Principal: the caller of a request."""

from dataclasses import dataclass
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
    """

    sub: UUID | None = None
    kind: Literal["user", "service", "guest"] = "guest"
    email: str | None = None
    email_verified: bool = False
    permissions: frozenset[str] = frozenset()
    session_id: UUID | None = None
    name: str | None = None

    def may(self, permission: str) -> bool:
        """Return whether the caller holds *permission*."""
        return permission in self.permissions


GUEST = Principal()
