"""Tokens in cookies."""

import pytest

from mercato_testing.mails import MESSAGES
from mercato_users.routes import cookies

from . import factories
from .factories import WRONG_LOGIN
from .mirror import MIRROR, answer_to, enroll

RIGHT = {"email": "alice@example.com", "password": factories.PASSWORD}
OWN = {"Sec-Fetch-Site": "same-origin", cookies.HEADER: "1"}


@pytest.fixture
def settings(settings):
    """Let logins ask for cookies."""
    return {**settings, "refresh_cookie": True}


@pytest.fixture
def browser(app, commit):
    """A client that keeps cookies, on which alice has logged in."""
    commit(factories.make_user, "alice@example.com")
    # The address of the test client is in clear, where it would not send secure cookies.
    browser = app.test_client()
    browser.environ_base["wsgi.url_scheme"] = "https"
    log_in(browser)
    return browser


def log_in(browser, **members):
    """Log in with cookies, and return the response."""
    return browser.post("/v1/auth/login", json={**RIGHT, "transport": "cookie", **members})


def refresh(browser, headers=OWN):
    """Refresh by the cookie, and return the response."""
    return browser.post("/v1/auth/refresh", json={}, headers=headers)


def cookie(browser, name=cookies.REFRESH):
    """Return the value of a cookie that a browser has; None for none."""
    found = browser.get_cookie(name)
    return None if found is None else found.value


def status_of(browser, answer):
    """Return the status of a request with the access token of an answer."""
    headers = factories.bearer(answer.json["access_token"])
    return browser.get("/v1/users/me", headers=headers).status_code


class TestLogIn:
    def test_sends_cookies_instead(self, browser):
        """The body has no token that is kept for long; scripts cannot read the cookies."""
        answer = log_in(browser)

        sent = answer.headers.getlist("Set-Cookie")
        assert not {"refresh_token", "device_token"} & answer.json.keys()
        assert status_of(browser, answer) == 200
        assert [one.partition("=")[0] for one in sent] == [cookies.REFRESH, cookies.DEVICE]
        for one in sent:
            parts = set(one.split("; ")[1:])
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=Strict"} <= parts
            assert not any(part.startswith("Domain") for part in parts)

    def test_sends_none_unless_asked(self, client, alice):
        """Other clients get their tokens in the body."""
        answer = client.post("/v1/auth/login", json=RIGHT)

        assert {"refresh_token", "device_token"} <= answer.json.keys()
        assert "Set-Cookie" not in answer.headers
        assert alice.get("/v1/users/me").status_code == 200

    def test_knows_the_device_by_its_cookie(self, browser, client):
        """Strangers who use up the attempts of the account do not lock the browser out."""
        strangers = [client.post("/v1/auth/login", json=WRONG_LOGIN) for _ in range(11)]

        assert strangers[-1].status_code == 429
        assert log_in(browser).status_code == 200

    def test_refuses_unknown_ways(self, client):
        """Any other transport is refused."""
        answer = log_in(client, transport="smoke")

        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/transport"


class TestSecondFactor:
    @pytest.fixture
    def fakes(self):
        """A feature with a second factor."""
        return [MESSAGES, MIRROR]

    def test_sends_cookies_at_the_end(self, browser, commit):
        """The challenge has no cookie; the answer to it has."""
        commit(enroll, "alice@example.com")

        challenged = log_in(browser)
        body = answer_to(challenged.json, transport="cookie")
        answer = browser.post("/v1/auth/mfa", json=body)

        assert "Set-Cookie" not in challenged.headers
        assert answer.status_code == 200
        assert len(answer.headers.getlist("Set-Cookie")) == 2
        assert not {"refresh_token", "device_token"} & answer.json.keys()


class TestRefresh:
    def test_exchanges_the_cookie(self, browser):
        """The answer has a new access token, and the cookie the next refresh token."""
        before = cookie(browser)

        answer = refresh(browser)

        assert answer.status_code == 200
        assert "refresh_token" not in answer.json
        assert status_of(browser, answer) == 200
        assert cookie(browser) not in (before, None)

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {cookies.HEADER: "1"},
            {"Sec-Fetch-Site": "same-origin"},
            {cookies.HEADER: "1", "Sec-Fetch-Site": "same-site"},
            {cookies.HEADER: "1", "Origin": "https://evil.example"},
        ],
    )
    @pytest.mark.parametrize("path", ["refresh", "logout"])
    def test_refuses_other_sites(self, browser, headers, path):
        """Without the header, or from elsewhere, it is refused, and the cookie stays valid."""
        before = cookie(browser)

        refused = browser.post(f"/v1/auth/{path}", json={}, headers=headers)

        assert (refused.status_code, refused.json["code"]) == (403, "csrf")
        assert cookie(browser) == before
        assert refresh(browser).status_code == 200

    def test_keeps_the_cookie_in_a_race(self, browser):
        """Two tabs that refresh at once get the same next token."""
        first = cookie(browser)
        refresh(browser)
        second = cookie(browser)
        browser.set_cookie(cookies.REFRESH, first, secure=True)

        assert refresh(browser).status_code == 200
        assert cookie(browser) == second

    def test_clears_a_token_that_is_used_again(self, browser, commit):
        """A stolen token ends the session, and the browser forgets its cookie."""
        first = cookie(browser)
        refresh(browser)
        refresh(browser)
        browser.set_cookie(cookies.REFRESH, first, secure=True)

        refused = refresh(browser)

        assert (refused.status_code, refused.json["code"]) == (401, "refresh_token_reused")
        assert cookie(browser) is None

    def test_keeps_the_cookie_when_another_token_is_used_again(self, browser, client):
        """A token in the body needs no header, so it does not clear the cookie."""
        tokens = client.post("/v1/auth/login", json=RIGHT).json
        first = {"refresh_token": tokens["refresh_token"]}
        second = client.post("/v1/auth/refresh", json=first).json["refresh_token"]
        client.post("/v1/auth/refresh", json={"refresh_token": second})
        kept = cookie(browser)

        refused = browser.post("/v1/auth/refresh", json=first)

        assert (refused.status_code, refused.json["code"]) == (401, "refresh_token_reused")
        assert cookie(browser) == kept

    def test_keeps_an_unknown_token(self, browser):
        """Any other refusal clears nothing."""
        browser.set_cookie(cookies.REFRESH, "unknown", secure=True)

        assert refresh(browser).status_code == 401
        assert cookie(browser) == "unknown"

    def test_needs_a_token(self, client):
        """Without a token in the body and the cookie, it is invalid."""
        answer = refresh(client)

        assert answer.status_code == 422
        assert answer.json["errors"][0]["pointer"] == "/refresh_token"

    def test_takes_the_token_of_the_body_first(self, client, alice):
        """A client that sends its token in the body needs no header, and gets no cookie."""
        answer = client.post(
            "/v1/auth/refresh", json={"refresh_token": alice.tokens["refresh_token"]}
        )

        assert answer.status_code == 200
        assert "refresh_token" in answer.json


class TestLogOut:
    def test_ends_the_session_of_the_cookie(self, browser):
        """No access token is needed; the cookie is cleared, and its token is void."""
        token = cookie(browser)

        ended = browser.post("/v1/auth/logout", headers=OWN)

        assert ended.status_code == 204
        assert cookie(browser) is None
        browser.set_cookie(cookies.REFRESH, token, secure=True)
        assert refresh(browser).status_code == 401

    def test_clears_the_cookie_of_a_caller(self, browser):
        """A caller with an access token needs no header."""
        answer = refresh(browser)

        ended = browser.post(
            "/v1/auth/logout", headers=factories.bearer(answer.json["access_token"])
        )

        assert ended.status_code == 204
        assert cookie(browser) is None
        assert status_of(browser, answer) == 401

    def test_needs_one_of_both(self, client):
        """A guest without a cookie is refused."""
        assert client.post("/v1/auth/logout", headers=OWN).status_code == 401


class TestDisabled:
    @pytest.fixture
    def settings(self, settings):
        """The default."""
        return {**settings, "refresh_cookie": False}

    def test_sends_no_cookies(self, client, alice):
        """Where the operator has not enabled them, a login that asks for cookies is invalid."""
        answer = log_in(client)

        assert answer.status_code == 422
        assert answer.json["errors"][0]["code"] == "not_enabled"
        assert alice.get("/v1/users/me").status_code == 200

    def test_reads_no_cookies(self, client, alice):
        """A cookie that another setting left is not read."""
        client.environ_base["wsgi.url_scheme"] = "https"
        client.set_cookie(cookies.REFRESH, alice.tokens["refresh_token"], secure=True)

        assert refresh(client).status_code == 422
