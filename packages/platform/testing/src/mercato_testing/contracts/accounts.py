"""The suite of the contract ``accounts``."""

from collections.abc import Callable
from typing import Any, ClassVar, Protocol, TypeVar
from uuid import UUID

import pytest

from mercato_contracts.accounts import Accounts
from mercato_contracts.second_factor import Proof
from mercato_testing.findings import assert_that

T = TypeVar("T")


class AsOwner(Protocol):
    """Runs a function in a unit of work whose caller is the owner of an account."""

    def __call__(self, user_id: UUID, function: Callable[..., T], *args: Any, **named: Any) -> T:
        """Call ``function(*args, **named)`` and commit."""
        ...


class AccountsSuite:
    """Tests of a provider of accounts.

    The fixtures ``as_owner`` and ``two_accounts`` are overridden.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], Accounts]]

    @pytest.fixture
    def as_owner(self) -> AsOwner:
        """Return a function that runs another as the owner of an account. Override this."""
        raise pytest.UsageError("override the fixture 'as_owner': it runs a function as a caller")

    @pytest.fixture
    def two_accounts(self) -> tuple[UUID, UUID]:
        """Return the ids of two accounts without a second factor. Override this to make them."""
        raise pytest.UsageError("override the fixture 'two_accounts': it makes two accounts")

    def test_knows_who_has_a_factor(
        self, as_owner: AsOwner, two_accounts: tuple[UUID, UUID]
    ) -> None:
        """An account has a second factor from the first one on until the last is removed."""
        one, other = two_accounts

        before = as_owner(one, self._lock, one)
        as_owner(one, self._add, one)
        between = [as_owner(each, self._lock, each) for each in (one, other)]
        as_owner(one, self._remove, one)
        after = as_owner(one, self._lock, one)

        states = [before, *between, after]
        assert_that(states == [False, True, False, False], f"lock() returned {states}")

    def test_opens_a_challenge_once(
        self, as_owner: AsOwner, two_accounts: tuple[UUID, UUID]
    ) -> None:
        """A challenge is open once, and for the account that it was made for."""
        one, other = two_accounts
        challenge = as_owner(one, self._begin, one)

        results = [
            as_owner(caller, self._finish, caller, sent)
            for caller, sent in ((other, challenge), (one, "x"), (one, challenge), (one, challenge))
        ]

        assert_that(results == [False, False, True, False], f"it was open: {results}")

    def test_voids_challenges_with_a_change(
        self, as_owner: AsOwner, two_accounts: tuple[UUID, UUID]
    ) -> None:
        """A change of factors voids the challenges that were open."""
        one, _ = two_accounts
        challenge = as_owner(one, self._begin, one)

        as_owner(one, self._add, one)

        assert_that(not as_owner(one, self._finish, one, challenge), "the challenge is still open")

    def _lock(self, user_id: UUID) -> bool:
        return type(self).provider().lock(user_id)

    def _begin(self, user_id: UUID) -> str:
        return type(self).provider().begin_enrollment(user_id)

    def _finish(self, user_id: UUID, challenge: str) -> bool:
        return type(self).provider().finish_enrollment(user_id, challenge)

    def _add(self, user_id: UUID) -> None:
        provider = type(self).provider()
        provider.lock(user_id)
        provider.factor_changed(user_id, has_factor=True, method="totp", added=Proof(("otp",)))

    def _remove(self, user_id: UUID) -> None:
        provider = type(self).provider()
        provider.lock(user_id)
        provider.factor_changed(user_id, has_factor=False, method="totp")
