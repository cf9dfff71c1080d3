import pytest

from mercato_kit.feature import Feature
from mercato_users import sample_data
from mercato_users import services

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
    def test_leaves_customers_to_the_features_after(self, commit, client):
        """Eight people with id, address and name, who can log in."""
        samples = {}

        lines = commit(sample_data.make_sample_data, samples)

        assert len(samples["customers"]) == 8
        for user_id, email, name in samples["customers"]:
            user = factories.log_in(client, email, sample_data.CUSTOMER_PASSWORD)["user"]
            assert user["id"] == str(user_id)
            assert f"{user['given_name']} {user['family_name']}" == name
        assert any("admin@example.com" in line for line in lines)

    def test_makes_staff_that_may(self, commit, client):
        """The admin may everything, the clerk may see accounts and not close them."""
        commit(sample_data.make_sample_data, {})

        for email, suspends in (("admin@example.com", 404), ("clerk@example.com", 403)):
            tokens = factories.log_in(client, email, sample_data.STAFF_PASSWORD)
            headers = factories.bearer(tokens["access_token"])
            nobody = "00000000-0000-7000-8000-000000000000"
            path = f"/v1/users/{nobody}/suspend"

            assert client.get("/v1/users", headers=headers).status_code == 200
            assert client.post(path, json={}, headers=headers).status_code == suspends

    def test_leaves_the_same_the_second_time(self, commit):
        """Loading again makes nobody, and leaves the same customers."""
        first, second = {}, {}

        commit(sample_data.make_sample_data, first)
        commit(sample_data.make_sample_data, second)

        assert first == second


class TestLoadBesideAnother:
    @pytest.fixture
    def fakes(self):
        """Another feature, that users has never heard of."""
        return [LIBRARY]

    def test_lets_the_clerk_work_with_every_feature(self, commit):
        """The clerk reads and writes what is composed, but accounts are only read."""
        commit(sample_data.make_sample_data, {})

        roles = commit(services.list_roles)

        assert list(roles["clerk"]) == ["library.read", "library.write", "users.read"]
