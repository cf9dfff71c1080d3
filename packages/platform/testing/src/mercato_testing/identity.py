"""A fake of the identity contract, with unsigned tokens that contain the principal."""

import base64
import binascii
import json
from uuid import UUID

from mercato_kit.db import utc_now
from mercato_kit.errors import Unauthenticated
from mercato_kit.feature import Offer
from mercato_kit.identity import IdentityProvider
from mercato_kit.principals import Principal


class FakeIdentity:
    """Accepts every token of the format of :func:`token_of`; its people have just signed in."""

    def authenticate(self, token: str) -> Principal:
        """Return the principal in *token*.

        Raises:
            Unauthenticated: The token has another format.
        """
        try:
            members = json.loads(base64.urlsafe_b64decode(token))
            return Principal(
                sub=UUID(members["sub"]),
                kind="user",
                email=members["email"],
                email_verified=True,
                permissions=frozenset(members["permissions"]),
                name=members["name"],
                auth_time=utc_now(),
            )
        except (ValueError, KeyError, TypeError, binascii.Error) as error:
            raise Unauthenticated(invalid_token=True) from error


FAKE_IDENTITY = Offer(IdentityProvider, "1.0", FakeIdentity)


def token_of(principal: Principal) -> str:
    """Return a bearer token for *principal*."""
    members = {
        "sub": str(principal.sub),
        "email": principal.email,
        "permissions": sorted(principal.permissions),
        "name": principal.name,
    }
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode()
