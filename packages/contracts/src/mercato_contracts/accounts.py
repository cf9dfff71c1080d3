"""The contract ``accounts``: what features that keep second factors ask of accounts."""

from typing import Final, Protocol
from uuid import UUID

from mercato_contracts.second_factor import Proof

ANSWERS: Final = "one"


class FactorRequired(Exception):
    """The account has a role that requires a second factor, and would lose its last one."""


class Accounts(Protocol):
    """Knows which accounts have a second factor. Each method is part of the caller's transaction.

    A change of factors first locks the account, then changes the factors, and at last calls
    :meth:`factor_changed`.
    """

    def lock(self, user_id: UUID) -> bool:
        """Lock an account until the commit, and return whether it has a second factor.

        Factors that a provider keeps for an account without one are void: they were reset while
        the provider was not composed.
        """
        ...

    def begin_enrollment(self, user_id: UUID) -> str:
        """Return a new challenge for the session of the caller: random text for five minutes."""
        ...

    def finish_enrollment(self, user_id: UUID, challenge: str) -> bool:
        """Use up a challenge, and return whether it was open for this account and session."""
        ...

    def factor_changed(
        self, user_id: UUID, *, has_factor: bool, method: str, added: Proof | None = None
    ) -> None:
        """Record that the caller has changed the factors of its account, which is locked.

        Other sessions end, links that were mailed before are void, and the owner learns of it.

        Args:
            user_id: The account.
            has_factor: Whether the provider keeps a factor of it now.
            method: The method that was added or removed.
            added: What the caller has proved by adding a factor, which counts for its session;
                None if one was removed.

        Raises:
            FactorRequired: The last factor would be lost.
        """
        ...
