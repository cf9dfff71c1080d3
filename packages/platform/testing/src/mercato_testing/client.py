"""The test client."""

from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from mercato_kit.db import new_id
from mercato_kit.principals import Principal
from mercato_testing.identity import token_of
from mercato_testing.refusals import require_declared


class Client(FlaskClient):
    """Flask's test client with a principal and idempotency keys.

    A POST without ``Idempotency-Key`` gets a new one; pass an empty header to send none. A response
    with a problem that its route does not declare is an error.

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
        response = super().open(*args, headers=headers, **kwargs)
        require_declared(self.application, response)
        return response
