"""What survives a change of the server key: before it, while the former one counts, and after."""

import pytest

from mercato_kit import work
from mercato_users import one_time_tokens

from . import factories


@pytest.fixture
def at_each_time(server_key):
    """A function that calls another one before, during and after a change of the server key."""

    def call(function):
        before = function()
        server_key.change()
        during = function()
        server_key.end_previous()
        return before, during, function()

    return call


def refresh(client, token):
    """Exchange a refresh token, and return the answer."""
    return client.post("/v1/auth/refresh", json={"refresh_token": token})


class TestServerKey:
    def test_ends_access_tokens_with_the_former_one(self, alice, at_each_time):
        """Access tokens that it signed are valid as long as it is accepted."""
        statuses = at_each_time(lambda: alice.get("/v1/users/me").status_code)

        assert statuses == (200, 200, 401)

    def test_is_published_as_long_as_it_is_accepted(self, client, at_each_time):
        """The JWK set has the current key first, and the former one while it is accepted."""

        def kids():
            return [key["kid"] for key in client.get("/.well-known/jwks.json").json["keys"]]

        before, during, after = at_each_time(kids)

        assert [len(found) for found in (before, during, after)] == [1, 2, 1]
        assert during == [*after, *before]

    def test_leaves_refresh_tokens_valid(self, client, alice, at_each_time):
        """A session goes on: its refresh tokens are random, or known by their hash."""
        chain = [alice.tokens["refresh_token"]]

        def exchange():
            answer = refresh(client, chain[-1])
            chain.append(answer.json["refresh_token"])
            return answer.status_code

        assert at_each_time(exchange) == (200, 200, 200)
        assert len(set(chain)) == 4

    def test_repeats_a_refresh_of_the_former_one(self, client, alice, server_key):
        """A refresh that is repeated across the change gets the same successor."""
        token = alice.tokens["refresh_token"]
        first = refresh(client, token).json["refresh_token"]
        server_key.change()

        again = refresh(client, token).json["refresh_token"]

        assert again == first
        assert refresh(client, again).status_code == 200

    @pytest.mark.parametrize("moment", ["before", "during", "after"])
    def test_leaves_mailed_links_valid(self, client, alice, mails, token_in, server_key, moment):
        """A link that was mailed before the change can be used, whenever it is opened."""
        client.post("/v1/auth/password/forgot", json={"email": "alice@example.com"})
        token = token_in(mails()[-1])
        if moment != "before":
            server_key.change()
        if moment == "after":
            server_key.end_previous()

        reset = client.post(
            "/v1/auth/password/reset", json={"token": token, "password": "another long password"}
        )

        assert reset.status_code == 204, reset.json

    def test_mails_the_link_that_is_stored(self, app, alice, server_key):
        """A mail that is sent again after the change has the same link, and no second one."""
        user_id = factories.id_of(alice)
        purpose = one_time_tokens.RESET_PASSWORD

        def store():
            return one_time_tokens.store(user_id, purpose, user_id, {})

        with app.app_context():
            first = work.run(store)
            server_key.change()

            assert work.run(store) == first

    def test_leaves_devices_known(self, client, alice, at_each_time):
        """A device stays known: its token is random."""
        body = {
            "email": "alice@example.com",
            "password": factories.PASSWORD,
            "device_token": alice.tokens["device_token"],
        }

        def log_in():
            return client.post("/v1/auth/login", json=body).json["device_token"]

        assert set(at_each_time(log_in)) == {alice.tokens["device_token"]}

    @pytest.mark.parametrize("ended", [False, True])
    def test_leaves_a_mailed_pass_valid(self, client, alice, mails, token_in, server_key, ended):
        """A pass that was mailed before the change counts in a login after it."""
        client.post("/v1/auth/login-link", json={"email": "alice@example.com"})
        body = {"email": "alice@example.com", "password": factories.PASSWORD}
        sent = {**body, "pass": token_in(mails()[-1])}
        server_key.change()
        if ended:
            server_key.end_previous()
        for _ in range(10):
            client.post("/v1/auth/login", json=factories.WRONG_LOGIN)

        statuses = [client.post("/v1/auth/login", json=one).status_code for one in (body, sent)]

        assert statuses == [429, 200]

    def test_ends_cursors_with_the_former_one(self, client, as_user, at_each_time):
        """The next page of a list can be read as long as the former key is accepted."""
        clerk = as_user(permissions=["users.read"], email="clerk@example.com")
        as_user(email="another@example.com")
        cursor = clerk.get("/v1/users?limit=1").json["next_cursor"]

        def read():
            token = factories.log_in(client, "clerk@example.com")["access_token"]
            page = {"limit": 1, "cursor": cursor}
            headers = factories.bearer(token)
            return client.get("/v1/users", query_string=page, headers=headers).status_code

        assert at_each_time(read) == (200, 200, 400)
