"""How many SQL statements requests take, beside the one that reads who is calling.

PostgreSQL writes what is not read back by one statement, SQLite by one for each table.
"""

import pytest

from mercato_users import services

from . import factories

NEW = "a brand new long password"
ALICE = {"email": "alice@example.com"}


@pytest.fixture
def count(statements):
    """A function that runs a request, and returns how many statements it took here.

    Where a client is signed in, the statement of its identity is left out.
    """

    def run(call, *, status, signed_in=True):
        with statements as sent:
            answer = call()
        assert answer.status_code == status, answer.json
        return len(sent) - signed_in

    return run


@pytest.fixture
def expected(database):
    """A function that chooses the number for this database: of PostgreSQL, of SQLite."""
    return lambda postgresql, sqlite: sqlite if database.url.startswith("sqlite") else postgresql


@pytest.fixture
def admin(app, commit):
    """A signed-in administrator."""
    user = commit(factories.make_user, "root@example.com")
    commit(services.grant_role, user.id, "admin")
    client = app.test_client()
    token = factories.log_in(client, "root@example.com")["access_token"]
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token}"
    return client


class TestSession:
    def test_refresh(self, client, alice, count):
        """The session is locked and extended, one token used and another one stored."""
        body = {"refresh_token": alice.tokens["refresh_token"]}

        sent = count(
            lambda: client.post("/v1/auth/refresh", json=body), status=200, signed_in=False
        )

        assert sent == 4

    def test_list(self, alice, count):
        """A page of sessions is one statement."""
        assert count(lambda: alice.get("/v1/users/me/sessions"), status=200) == 1

    def test_end(self, client, alice, count, expected):
        """The session and its device end, and the audit trail is written."""
        factories.log_in(client)
        listed = alice.get("/v1/users/me/sessions").json["data"]
        [other] = [one["id"] for one in listed if not one["current"]]

        sent = count(lambda: alice.delete(f"/v1/users/me/sessions/{other}"), status=204)

        assert sent == expected(2, 3)

    def test_end_others(self, client, alice, count, expected):
        """Any number of sessions ends by as many statements as one."""
        for _ in range(3):
            factories.log_in(client)

        sent = count(lambda: alice.delete("/v1/users/me/sessions"), status=204)

        assert sent == expected(2, 3)


class TestGuest:
    @pytest.mark.parametrize(
        ("path", "body", "postgresql", "sqlite"),
        [
            ("/v1/users", factories.registration("new@example.com"), 4, 5),
            ("/v1/auth/password/forgot", ALICE, 3, 4),
            ("/v1/users/verify-email/resend", ALICE, 3, 4),
            ("/v1/auth/login-link", ALICE, 3, 4),
        ],
    )
    def test_ask_for_a_mail(self, client, alice, count, expected, path, body, postgresql, sqlite):
        """The limit is taken, the account looked up, and an event published."""
        sent = count(lambda: client.post(path, json=body), status=202, signed_in=False)

        assert sent <= expected(postgresql, sqlite)

    def test_reset(self, client, alice, mails, token_in, count, expected):
        """The token is used, the password set, the sessions end, and a notice is mailed."""
        client.post("/v1/auth/password/forgot", json=ALICE)
        body = {"token": token_in(mails()[-1]), "password": NEW}

        sent = count(
            lambda: client.post("/v1/auth/password/reset", json=body), status=204, signed_in=False
        )

        assert sent <= expected(6, 8)


class TestStaff:
    def test_list(self, admin, count):
        """A page of accounts is one statement, with roles."""
        assert count(lambda: admin.get("/v1/users?q=root"), status=200) == 1

    @pytest.mark.parametrize(("permissions", "more"), [([], 0), (["users.read"], 1)])
    def test_give_a_role(self, admin, bob, commit, count, expected, permissions, more):
        """A role that holds a permission also shortens the sessions."""
        commit(factories.make_role, "clerk", permissions)
        path = f"/v1/users/{factories.id_of(bob)}"
        headers = {"If-Match": admin.get(path).headers["ETag"]}

        sent = count(
            lambda: admin.patch(path, json={"roles": ["clerk"]}, headers=headers), status=200
        )

        assert sent == expected(6, 7) + more

    def test_take_the_system_role(self, admin, bob, commit, count, expected):
        """One statement more counts the administrators that are left."""
        commit(services.grant_role, factories.id_of(bob), "admin")
        path = f"/v1/users/{factories.id_of(bob)}"
        headers = {"If-Match": admin.get(path).headers["ETag"]}

        sent = count(lambda: admin.patch(path, json={"roles": []}, headers=headers), status=200)

        assert sent == expected(7, 8)

    @pytest.mark.parametrize("is_admin", [False, True])
    def test_suspend(self, admin, bob, commit, count, expected, is_admin):
        """The system role is locked in any case; for an administrator, those left are counted."""
        if is_admin:
            commit(services.grant_role, factories.id_of(bob), "admin")
        path = f"/v1/users/{factories.id_of(bob)}/suspend"

        sent = count(lambda: admin.post(path, json={}), status=204)

        assert sent == expected(4, 7) + is_admin


class TestCredentials:
    @pytest.mark.parametrize("wrong", [1, 10])
    def test_wrong_password(self, alice, count, wrong):
        """The failure is counted; the tenth one also ends the session."""
        body = {"email": "alice2@example.com", "current_password": "not her password"}
        for _ in range(wrong - 1):
            alice.put("/v1/users/me/email", json=body)

        sent = count(lambda: alice.put("/v1/users/me/email", json=body), status=401)

        assert sent == (2 if wrong < 10 else 3)

    def test_change_the_address(self, alice, count, expected):
        """The attempt and the limit are counted, and two mails and the audit trail written."""
        body = {"email": "alice2@example.com", "current_password": factories.PASSWORD}

        sent = count(lambda: alice.put("/v1/users/me/email", json=body), status=202)

        assert sent == expected(5, 8)

    def test_confirm_the_address(self, client, alice, mails, token_in, count, expected):
        """The token is used, the address set, other sessions end, and it is announced."""
        body = {"email": "alice2@example.com", "current_password": factories.PASSWORD}
        alice.put("/v1/users/me/email", json=body)
        [link] = [one for one in mails() if "change-email" in one.get_content()]
        token = {"token": token_in(link)}

        sent = count(
            lambda: client.post("/v1/users/me/email/confirm", json=token),
            status=204,
            signed_in=False,
        )

        assert sent <= expected(6, 9)
