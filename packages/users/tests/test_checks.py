import pytest

from mercato_composition.faults import DeploymentError
from mercato_users.checks import check_roles

from .factories import make_role
from .mirror import MIRROR

NEEDED = {"users": {"second_factor_for": ["admin", "clerk"]}}


class TestSecondFactorFor:
    def test_needs_a_provider(self, staged):
        """A shop whose roles need a second factor does not start where none can be added."""
        with pytest.raises(
            DeploymentError, match=r"permissions of admin, clerk do not count: enable mfa"
        ):
            staged(settings=NEEDED)

    def test_starts_with_one(self, staged):
        """With a feature that keeps second factors it does."""
        assert staged(MIRROR, settings=NEEDED).client.get("/healthz").status_code == 200


class TestRoles:
    @pytest.mark.parametrize(
        ("named", "found"),
        [
            (["admin", "clerk", "staff"], None),
            (["admins", "clerk"], "no role has the name admins: mercato users roles"),
            ([], None),
        ],
    )
    def test_are_those_of_the_shop(self, staged, named, found):
        """The doctor finds a name that no role has, so that a misspelt one is not overlooked."""
        shop = staged(MIRROR, settings={"users": {"second_factor_for": named}})
        shop.commit(make_role, "clerk", [])

        assert shop.commit(check_roles) == found
