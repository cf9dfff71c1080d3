import pytest

from mercato_kit.identity import canonical_email
from mercato_kit.identity import current_principal
from mercato_kit.principals import GUEST


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
