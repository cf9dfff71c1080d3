"""The test client."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mercato_kit.db import new_id
from mercato_kit.principals import Principal
from mercato_testing.identity import token_of


class Client(FlaskClient):
    """Flask's test client with a principal and idempotency keys.

    A POST without ``Idempotency-Key`` gets a new one; pass an empty header to send none.

    Attributes:
        principal: The principal whose token each request has; None for a guest.
    """

    principal: Principal | None = None

    @property
    def sub(self) -> Any:
        """The id of the caller."""
        return None if self.principal is None else self.principal.sub

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send a request; see Flask's test client."""
        headers = dict(kwargs.pop("headers", None) or {})
        if kwargs.get("method") == "POST":
            headers.setdefault("Idempotency-Key", str(new_id()))
        if self.principal is not None:
            headers.setdefault("Authorization", f"Bearer {token_of(self.principal)}")
        return super().open(*args, headers=headers, **kwargs)
