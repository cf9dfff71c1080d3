"""The contract ``second_factor``: what people prove their identity with, beside a password."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

ANSWERS: Final = "many"


@dataclass(frozen=True, slots=True)
class Proof:
    """A right answer to a challenge.

    Args:
        amr: The methods that it proves (RFC 8176), such as ``otp``.
        factor_id: The factor; None for a recovery code.
        is_recovery: Whether it used up a recovery code, which the owner learns by mail.
    """

    amr: tuple[str, ...]
    factor_id: UUID | None = None
    is_recovery: bool = False


class ClonedAuthenticator(Exception):
    """The answer is right, but its counter has not grown: the authenticator may be copied."""


class SecondFactor(Protocol):
    """Keeps second factors of accounts, and verifies them.

    Each method is part of the caller's transaction.
    """

    def methods(self, user_id: UUID) -> tuple[str, ...]:
        """Return the methods that an account has enrolled, such as ``totp``. At most one SELECT.

        Returns:
            The methods, the one to show first at the start; none without a second factor. Recovery
            codes alone are none.
        """
        ...

    def begin(self, user_id: UUID, method: str, challenge: str) -> Mapping[str, Any]:
        """Return what a client needs to answer a challenge, as JSON values. At most one SELECT.

        Args:
            user_id: The account.
            method: One of its methods.
            challenge: Random text that is used once.
        """
        ...

    def verify(self, user_id: UUID, method: str, challenge: str, answer: str) -> Proof | None:
        """Verify an answer to a challenge, which the caller of this method uses once.

        A code that answers any challenge is used up: of equal ones at the same time, one is right.

        Args:
            user_id: The account that the challenge was made for.
            method: The method that the client has chosen; it may be unknown.
            challenge: What was given to :meth:`begin`.
            answer: What the client sent: a code, or JSON as text.

        Returns:
            What is proved; None if the answer is wrong, malformed or used, or of another account.

        Raises:
            ClonedAuthenticator: The answer is refused, and the owner learns of it.
        """
        ...

    def remove_all(self, user_id: UUID, since: datetime | None = None) -> None:
        """Remove the factors of an account.

        Args:
            user_id: The account.
            since: Only those that were added then or later; None for all.
        """
        ...
