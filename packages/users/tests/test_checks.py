import pytest

from mercato_composition.faults import DeploymentError

from .mirror import MIRROR

NEEDED = {"users": {"second_factor_for": ["admin", "clerk"]}}


class TestSecondFactorFor:
    def test_needs_a_provider(self, staged):
        """A shop whose roles need a second factor does not start where none can be added."""
        with pytest.raises(DeploymentError, match=r"admin, clerk need a second factor.*mfa"):
            staged(settings=NEEDED)

    def test_starts_with_one(self, staged):
        """With a feature that keeps second factors it does."""
        assert staged(MIRROR, settings=NEEDED).client.get("/healthz").status_code == 200
