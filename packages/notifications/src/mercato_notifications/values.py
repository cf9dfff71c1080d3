"""Plain values for services."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A mail that a feature posts; its members are those of the contract ``messages``."""

    key: str
    template: str
    to: str
    locale: str | None
    context: Mapping[str, Any]
    secrets: Collection[str] = ()
    subject: UUID | None = None
