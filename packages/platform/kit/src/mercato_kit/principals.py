"""Principal: the caller of a request."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request.

    ``sub`` is the id that other features store; None for a guest.
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
