"""Policies: who may call a route."""

from collections.abc import Callable
from dataclasses import dataclass

from mercato_kit.errors import Forbidden, Unauthenticated
from mercato_kit.principals import Principal


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy of a route. Checked before the body is read.

    Args:
        name: Name in the API document: ``anyone``, ``signed_in`` or a permission.
        allows: Returns whether a principal may call the route.
        as_guest: Whether ``Authorization`` is not read, so that every caller is a guest.
    """

    name: str
    allows: Callable[[Principal], bool]
    as_guest: bool = False

    def check(self, principal: Principal) -> None:
        """Check that *principal* may call the route.

        Raises:
            Unauthenticated: A guest calls a route that requires authentication.
            Forbidden: The principal lacks the permission.
        """
        if self.allows(principal):
            return
        if principal.kind == "guest":
            raise Unauthenticated
        raise Forbidden(f"This requires the permission {self.name}.")


anyone = Policy("anyone", lambda principal: True)
anyone_as_guest = Policy(anyone.name, anyone.allows, as_guest=True)
"""For routes that give or renew credentials: a token that has expired must not prevent that."""

signed_in = Policy("signed_in", lambda principal: principal.kind != "guest")


def permission(name: str) -> Policy:
    """Return the policy of a route that requires the permission *name*."""
    return Policy(name, lambda principal: principal.may(name))
