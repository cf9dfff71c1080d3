import pytest

from mercato_kit.errors import Forbidden, Unauthenticated
from mercato_kit.policies import anyone, permission, signed_in
from mercato_kit.principals import GUEST, Principal

from .demo import ALICE, CHARLIE

SERVICE = Principal(kind="service", permissions=frozenset({"notes.write"}))


class TestPolicy:
    @pytest.mark.parametrize(
        ("policy", "principal", "refusal"),
        [
            (anyone, GUEST, None),
            (anyone, ALICE, None),
            (signed_in, GUEST, Unauthenticated),
            (signed_in, ALICE, None),
            (signed_in, SERVICE, None),
            (permission("notes.write"), GUEST, Unauthenticated),
            (permission("notes.write"), ALICE, Forbidden),
            (permission("notes.write"), CHARLIE, None),
            (permission("notes.write"), SERVICE, None),
            (permission(""), ALICE, Forbidden),
        ],
    )
    def test_allows_or_refuses(self, policy, principal, refusal):
        """A guest gets 401, a principal without the permission 403."""
        if refusal is None:
            policy.check(principal)
            return

        with pytest.raises(refusal):
            policy.check(principal)
