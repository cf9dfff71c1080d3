"""Policy: who may call a route."""

from collections.abc import Callable
from dataclasses import dataclass

from mercato_kit.errors import Forbidden
from mercato_kit.errors import Unauthenticated
from mercato_kit.principals import Principal


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may call a route. Checked before the body is read.

    Args:
        name: What the API documents: ``anyone``, ``signed_in`` or a permission.
        allows: Whether a principal may call.
    """

    name: str
    allows: Callable[[Principal], bool]

    def check(self, principal: Principal) -> None:
        """Let *principal* pass, or refuse.

        Raises:
            Unauthenticated: A guest where somebody must be known.
            Forbidden: Somebody without the permission.
        """
        if self.allows(principal):
            return
        if principal.kind == "guest":
            raise Unauthenticated
        raise Forbidden(f"The permission {self.name} is needed.")


anyone = Policy("anyone", lambda principal: True)
signed_in = Policy("signed_in", lambda principal: principal.kind != "guest")


def permission(name: str) -> Policy:
    """Return the policy of a route that only holders of the permission *name* may call."""
    return Policy(name, lambda principal: principal.may(name))
