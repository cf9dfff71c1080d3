from mercato_kit.identity import current_principal
from mercato_kit.principals import GUEST


class TestCurrentPrincipal:
    def test_is_a_guest_outside_requests(self, app):
        """Commands and jobs run as guest by default."""
        with app.app_context():
            assert current_principal == GUEST
