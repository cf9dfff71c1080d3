import pytest

from mercato_kit.errors import Forbidden
from mercato_kit.errors import Unauthenticated
from mercato_kit.identity import GUEST
from mercato_kit.identity import Principal
from mercato_kit.identity import anyone
from mercato_kit.identity import canonical_email
from mercato_kit.identity import current_principal
from mercato_kit.identity import permission
from mercato_kit.identity import signed_in

from .demo import ALICE
from .demo import CHARLIE

SERVICE = Principal(kind="service", permissions=frozenset({"notes.write"}))


class TestPrincipal:
    def test_may_what_it_holds(self):
        """A permission is held or not; none follows from another one's name."""
        assert CHARLIE.may("notes.write")
        assert not CHARLIE.may("notes")
        assert not CHARLIE.may("notes.write.more")
        assert not ALICE.may("notes.write")

    def test_cannot_be_changed(self):
        """Nobody gives himself a permission."""
        with pytest.raises(AttributeError):
            ALICE.permissions = frozenset({"notes.write"})


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
    def test_lets_pass_or_refuses(self, policy, principal, refusal):
        """A guest is asked who it is; somebody without the permission is refused."""
        if refusal is None:
            policy.check(principal)
            return

        with pytest.raises(refusal):
            policy.check(principal)


class TestCurrentPrincipal:
    def test_is_a_guest_outside_requests(self, app):
        """Commands and jobs act as nobody unless they say as whom."""
        with app.app_context():
            assert current_principal == GUEST


class TestCanonicalEmail:
    @pytest.mark.parametrize(
        "address", ["ann@example.com", " Ann@EXAMPLE.com ", "\uff41nn@example.com"]
    )
    def test_is_one_for_all_ways_to_write_it(self, address):
        """Case, width and space around it make no other address."""
        assert canonical_email(address) == "ann@example.com"

    @pytest.mark.parametrize("address", ["ann+shop@example.com", "a.nn@example.com"])
    def test_keeps_what_may_be_another_person(self, address):
        """Dots and tags belong to the address."""
        assert canonical_email(address) == address
