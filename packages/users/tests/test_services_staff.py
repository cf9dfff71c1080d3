import pytest

from mercato_kit.db import new_id

from . import factories
from .factories import id_of


class TestListUsers:
    def test_requires_the_permission(self, client, alice):
        """Customers cannot list users."""
        assert client.get("/v1/users").status_code == 401
        assert alice.get("/v1/users").status_code == 403

    def test_pages_have_every_user_once(self, charlie, commit):
        """The pages have every account once, newest first."""
        for number in range(5):
            commit(factories.make_user, f"user{number}@example.com")

        found, cursor = [], ""
        while cursor is not None:
            page = charlie.get(f"/v1/users?limit=2&{cursor}").json
            found += [user["email"] for user in page["data"]]
            cursor = page["next_cursor"] and f"cursor={page['next_cursor']}"

        expected = [f"user{number}@example.com" for number in range(4, -1, -1)]
        assert found == [*expected, "charlie@example.com"]

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ("q=ALICE", ["alice@example.com"]),
            ("q=b%C3%BCch", ["zoe@bücher.example"]),
            ("q=xn--bcher", ["zoe@bücher.example"]),
            ("q=%25", []),
            ("status=suspended", ["eve@example.com"]),
            ("role=admin", []),
            ("created_at[gte]=2999-01-01T00:00:00Z", None),
            ("created_at[gte]=2200-01-01T00:00:00Z", []),
            ("colour=red", None),
        ],
    )
    def test_filters(self, charlie, alice, commit, filters, expected):
        """Users are filtered by text, status, role and time; unknown filters are refused."""
        commit(factories.make_user, "eve@example.com", status="suspended")
        commit(factories.make_user, "zoe@bücher.example")

        answer = charlie.get(f"/v1/users?{filters}")

        if expected is None:
            assert answer.status_code == 422
        else:
            assert [user["email"] for user in answer.json["data"]] == expected

    def test_takes_equal_statements_for_any_page(self, charlie, commit, statements):
        """The number of statements does not depend on the length of a page."""
        for _ in range(10):
            commit(factories.make_user)
        with statements as short:
            charlie.get("/v1/users?limit=1")

            of_short = len(short)

        with statements as long:
            charlie.get("/v1/users?limit=10")

        assert len(long) == of_short == 2, long


class TestReadUser:
    def test_returns_an_account(self, charlie, alice):
        """Staff get the same fields as the owner."""
        shown = charlie.get(f"/v1/users/{id_of(alice)}")

        assert shown.json == alice.get("/v1/users/me").json

    def test_is_not_for_customers(self, alice, bob):
        """A customer cannot read another account."""
        assert bob.get(f"/v1/users/{id_of(alice)}").status_code == 403

    def test_answers_404_for_an_unknown_id(self, charlie):
        """An unknown id answers 404."""
        assert charlie.get(f"/v1/users/{new_id()}").status_code == 404


class TestSuspend:
    def test_ends_sessions_and_refuses_logins(self, client, alice, charlie):
        """The next request, login and refresh of the account are refused."""
        answer = charlie.post(f"/v1/users/{id_of(alice)}/suspend", json={"reason": "chargeback"})

        assert answer.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        body = {"email": "alice@example.com", "password": factories.PASSWORD}
        assert client.post("/v1/auth/login", json=body).status_code == 401
        refreshed = client.post(
            "/v1/auth/refresh", json={"refresh_token": alice.tokens["refresh_token"]}
        )
        assert refreshed.status_code == 401

    def test_refuses_a_suspended_account(self, alice, charlie):
        """A second suspension is a conflict."""
        user_id = id_of(alice)
        charlie.post(f"/v1/users/{user_id}/suspend", json={})

        again = charlie.post(f"/v1/users/{user_id}/suspend", json={})

        assert (again.status_code, again.json["code"]) == (409, "invalid_transition")

    def test_answers_404_for_an_unknown_id(self, charlie):
        """An unknown id answers 404."""
        assert charlie.post(f"/v1/users/{new_id()}/suspend", json={}).status_code == 404

    def test_is_not_for_customers(self, alice, bob):
        """A customer cannot suspend accounts."""
        assert bob.post(f"/v1/users/{id_of(alice)}/suspend", json={}).status_code == 403


class TestReactivate:
    def test_lets_the_owner_log_in_again(self, client, alice, charlie):
        """Old sessions stay ended; new ones can start."""
        user_id = id_of(alice)
        charlie.post(f"/v1/users/{user_id}/suspend", json={})

        answer = charlie.post(f"/v1/users/{user_id}/reactivate", json={})

        assert answer.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        factories.log_in(client)

    def test_refuses_an_active_account(self, alice, charlie):
        """Reactivating an active account is a conflict."""
        assert charlie.post(f"/v1/users/{id_of(alice)}/reactivate", json={}).status_code == 409
