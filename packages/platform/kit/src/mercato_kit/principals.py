"""Principal: who is calling."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling.

    ``sub`` is None for a guest; it is the id other features store beside their rows.
    """

    sub: UUID | None = None
    kind: Literal["user", "service", "guest"] = "guest"
    email: str | None = None
    email_verified: bool = False
    permissions: frozenset[str] = frozenset()
    session_id: UUID | None = None
    name: str | None = None

    def may(self, permission: str) -> bool:
        """Tell whether the caller holds *permission*."""
        return permission in self.permissions


GUEST = Principal()
