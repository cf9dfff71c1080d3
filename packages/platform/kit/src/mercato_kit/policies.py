"""Policies: who may call a route."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from mercato_kit.db import utc_now
from mercato_kit.errors import Forbidden, NotForKeys, StepUpRequired, Unauthenticated
from mercato_kit.principals import Principal


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of a route. Checked before the body is read.

    Args:
        name: Name in the API document: ``anyone``, ``signed_in``, ``person`` or a permission.
        allows: Returns whether a principal may call the route.
        as_guest: Whether ``Authorization`` is not read, so that every caller is a guest.
        fresh_seconds: How long ago the caller proved its identity at most; None for any time.
    """

    name: str
    allows: Callable[[Principal], bool]
    as_guest: bool = False
    fresh_seconds: int | None = None

    def check(self, principal: Principal) -> None:
        """Check that *principal* may call the route.

        Raises:
            Unauthenticated: A guest calls a route that requires authentication.
            NotForKeys: A program calls a route for people.
            StepUpRequired: The principal signed in too long ago, or without its second factor.
            Forbidden: The principal lacks the permission.
        """
        if not self.allows(principal):
            raise self._refusal(principal)
        if self.fresh_seconds is not None:
            _check_fresh(principal, self.fresh_seconds)

    def _refusal(self, principal: Principal) -> Exception:
        if principal.kind == "guest":
            return Unauthenticated()
        if self.name == person.name:
            return NotForKeys()
        if self.name in principal.withheld:
            return StepUpRequired(acr=2)
        return Forbidden(f"This requires the permission {self.name}.")


anyone = Policy("anyone", lambda principal: True)
anyone_as_guest = Policy(anyone.name, anyone.allows, as_guest=True)
"""For routes that give or renew credentials: a token that has expired must not prevent that."""

signed_in = Policy("signed_in", lambda principal: principal.kind != "guest")

person = Policy("person", lambda principal: principal.kind == "user")
"""For routes about the caller's own account: no API key may call them."""


def permission(name: str) -> Policy:
    """Return the policy of a route that requires the permission *name*."""
    return Policy(name, lambda principal: principal.may(name))


def fresh(policy: Policy, seconds: int = 900) -> Policy:
    """Return *policy* for a route that people may call shortly after they proved their identity.

    An account with a second factor must have used it (acr 2). API keys may not call the route.

    Args:
        policy: Who may call the route.
        seconds: How long ago the caller proved its identity at most.
    """
    return replace(policy, fresh_seconds=seconds)


def _check_fresh(principal: Principal, seconds: int) -> None:
    if principal.kind == "service":
        raise NotForKeys
    since = utc_now() - timedelta(seconds=seconds)
    acr: Literal[1, 2] = 2 if principal.factor else 1
    if principal.auth_time is None or principal.auth_time < since or principal.acr < acr:
        raise StepUpRequired(acr=acr, max_age_seconds=seconds)
