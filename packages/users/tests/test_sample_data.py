import pytest

from mercato_kit.feature import Feature
from mercato_users import sample_data, services

from . import factories

LIBRARY = Feature(
    name="library",
    summary="Books that come back.",
    permissions={
        "library.read": "See every loan.",
        "library.write": "Lend books.",
        "library.close": "Close the house.",
    },
)


class TestMakeSampleData:
    def test_returns_customers_for_other_features(self, commit, client):
        """There are eight customers with id, address and name, who can log in."""
        samples = {}

        lines = commit(sample_data.make_sample_data, samples)

        assert len(samples["customers"]) == 8
        for user_id, email, name in samples["customers"]:
            user = factories.log_in(client, email, sample_data.CUSTOMER_PASSWORD)["user"]
            assert user["id"] == str(user_id)
            assert f"{user['given_name']} {user['family_name']}" == name
        assert any("admin@example.com" in line for line in lines)

    def test_creates_staff(self, commit, client):
        """The admin has every permission; the clerk can read accounts but not suspend them."""
        commit(sample_data.make_sample_data, {})

        for email, suspends in (("admin@example.com", 404), ("clerk@example.com", 403)):
            tokens = factories.log_in(client, email, sample_data.STAFF_PASSWORD)
            headers = factories.bearer(tokens["access_token"])
            unknown = "00000000-0000-7000-8000-000000000000"
            path = f"/v1/users/{unknown}/suspend"

            assert client.get("/v1/users", headers=headers).status_code == 200
            assert client.post(path, json={}, headers=headers).status_code == suspends

    def test_creates_nothing_the_second_time(self, commit):
        """A second run creates no accounts and returns the same customers."""
        first, second = {}, {}

        commit(sample_data.make_sample_data, first)
        commit(sample_data.make_sample_data, second)

        assert first == second


class TestLoadBesideAnother:
    @pytest.fixture
    def fakes(self):
        """A feature that is unknown to users."""
        return [LIBRARY]

    def test_the_clerk_works_with_every_feature(self, commit):
        """The clerk can read and write in every feature, except for accounts."""
        commit(sample_data.make_sample_data, {})

        held = commit(lambda: services.find_role_by_name("clerk").permissions)

        assert held == ["host.read", "library.read", "library.write", "users.read"]
