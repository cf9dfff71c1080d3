import pytest

from mercato_kit.identity import canonical_email, current_principal
from mercato_kit.principals import GUEST


class TestCurrentPrincipal:
    def test_is_a_guest_outside_requests(self, app):
        """Commands and jobs run as guest by default."""
        with app.app_context():
            assert current_principal == GUEST


class TestCanonicalEmail:
    @pytest.mark.parametrize(
        "address", ["ann@example.com", " Ann@EXAMPLE.com ", "\uff41nn@example.com"]
    )
    def test_is_equal_for_all_spellings(self, address):
        """Case, width and surrounding white space do not matter."""
        assert canonical_email(address) == "ann@example.com"

    @pytest.mark.parametrize("address", ["ann+shop@example.com", "a.nn@example.com"])
    def test_keeps_dots_and_tags(self, address):
        """Dots and tags are part of the address."""
        assert canonical_email(address) == address
