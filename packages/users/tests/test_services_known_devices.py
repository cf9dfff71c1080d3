from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_users.models import Device, LoginAttempt
from mercato_users.services import known_devices

from . import factories
from .factories import WRONG_LOGIN, id_of

RIGHT = {"email": "alice@example.com", "password": factories.PASSWORD}


def log_in(client, **members):
    """Try to log in, and return the response."""
    return client.post("/v1/auth/login", json={**RIGHT, **members})


def fail(client, times=1, **members):
    """Try wrong passwords, and return the status of each try."""
    body = {**WRONG_LOGIN, **members}
    return [client.post("/v1/auth/login", json=body).status_code for _ in range(times)]


@pytest.fixture
def device(alice):
    """The token of the device that alice has logged in on."""
    return alice.tokens["device_token"]


@pytest.fixture
def ask_for_pass(client, mails, token_in):
    """A function that asks for a pass for an address, and returns its token."""

    def ask(address="alice@example.com"):
        asked = client.post("/v1/auth/login-link", json={"email": address})
        assert (asked.status_code, asked.json) == (202, {})
        sent = mails()
        return token_in(sent[-1]) if sent else None

    return ask


class TestKnownDevice:
    def test_is_not_locked_out_by_strangers(self, client, device):
        """The attempts of the account are used up, and its owner still logs in."""
        assert fail(client, 11) == [401] * 10 + [429]

        stranger, owner = log_in(client), log_in(client, device_token=device)

        assert (stranger.status_code, owner.status_code) == (429, 200)
        assert stranger.json["login_link"] is True
        assert owner.json["device_token"] == device

    def test_has_a_limit_of_its_own(self, client, device):
        """Ten wrong passwords use up the device, which then counts as a stranger."""
        assert fail(client, 11, device_token=device) == [401] * 11

        assert log_in(client, device_token=device).status_code == 200
        assert fail(client, 9) == [401] * 9
        assert log_in(client, device_token=device).status_code == 429

    def test_uses_up_nothing_of_others(self, client, device, commit):
        """Its failures are counted for the device alone."""
        fail(client, 3, device_token=device)

        kinds = sa.select(LoginAttempt.key).where(LoginAttempt.count > 0)
        counted = commit(lambda: {key.rpartition(":")[0] for key in session.scalars(kinds)})
        assert counted == {"login.device"}

    def test_is_known_to_its_own_account(self, client, device, bob):
        """The device of one account is a stranger to another."""
        fail(client, 10, email="bob@example.com")

        refused = log_in(client, email="bob@example.com", device_token=device)

        assert refused.status_code == 429
        assert bob.get("/v1/users/me").status_code == 200

    @pytest.mark.parametrize("how", ["password", "ended", "suspended", "expired"])
    def test_is_forgotten(self, client, alice, charlie, device, commit, how):
        """Changed credentials, a session ended from the list, and a suspension forget devices."""
        commit(factories.shift_attempts, timedelta(minutes=6))
        login = log_in(client, device_token=device).json
        if how == "password":
            body = {"current_password": factories.PASSWORD, "password": factories.PASSWORD}
            alice.put("/v1/users/me/password", json=body)
        elif how == "ended":
            headers = factories.bearer(login["access_token"])
            client.delete("/v1/users/me/sessions", headers=headers)
        elif how == "suspended":
            path = f"/v1/users/{id_of(alice)}"
            charlie.post(f"{path}/suspend", json={})
            charlie.post(f"{path}/reactivate", json={})
        else:
            over = utc_now() - timedelta(seconds=1)
            commit(lambda: session.execute(sa.update(Device).values(expires_at=over)))

        again = log_in(client, device_token=device)

        assert again.status_code == 200
        assert again.json["device_token"] != device

    def test_is_one_of_twenty(self, client, device, commit):
        """The device that was not used for longest is forgotten when there would be too many."""
        for _ in range(known_devices.MOST):
            commit(lambda: session.execute(sa.update(Device).values(created_at=utc_now())))
            log_in(client)

        known = sa.select(sa.func.count()).where(Device.revoked_at.is_(None))
        assert commit(lambda: session.scalar(known)) == known_devices.MOST
        assert log_in(client, device_token=device).json["device_token"] != device

    def test_stores_a_hash_only(self, device, commit):
        """The database does not have the token."""
        assert device not in commit(lambda: list(session.scalars(sa.select(Device.token_hash))))


class TestPass:
    def test_lets_the_owner_in(self, client, alice, ask_for_pass):
        """With a mailed pass beside the password, used-up attempts do not matter; it works once."""
        token = ask_for_pass()
        fail(client, 10)

        answers = [log_in(client), log_in(client, **{"pass": token})]
        again = log_in(client, **{"pass": token})

        assert [answer.status_code for answer in answers] == [429, 200]
        assert again.status_code == 429
        assert alice.get("/v1/users/me").status_code == 200

    @pytest.mark.usefixtures("alice")
    def test_takes_the_password_as_well(self, client, ask_for_pass):
        """A pass alone is nothing; five wrong passwords use it up."""
        token = ask_for_pass()
        fail(client, 10)

        assert fail(client, 6, **{"pass": token}) == [401] * 5 + [429]
        assert log_in(client, **{"pass": token}).status_code == 429

    @pytest.mark.usefixtures("alice", "bob")
    def test_is_for_one_account(self, client, ask_for_pass):
        """A pass of another account counts for nothing."""
        token = ask_for_pass("bob@example.com")
        fail(client, 10)

        assert log_in(client, **{"pass": token}).status_code == 429

    @pytest.mark.usefixtures("alice")
    def test_does_not_reveal_an_account(self, client, ask_for_pass, statements):
        """An unknown address gets the same answer by as many statements, and no mail."""
        with statements as known:
            client.post("/v1/auth/login-link", json={"email": "alice@example.com"})
            number = len(known)
        with statements as unknown:
            client.post("/v1/auth/login-link", json={"email": "no@example.com"})

        assert len(unknown) == number
        assert ask_for_pass("other@example.com") is not None, "the one of alice is due"
        assert ask_for_pass("other@example.com") is None


class TestManyStrangers:
    @pytest.fixture
    def settings(self, settings):
        """Memory for a password of each thread, so that none waits."""
        return {**settings, "password_memory_mib": 1024}

    def test_get_ten_answers(self, app, client, device, ask_for_pass):
        """Of 200 at once, ten are answered; meanwhile the owner gets in by device and by pass."""
        token = ask_for_pass()
        owner = [{"device_token": device}, {"pass": token}]

        with ThreadPoolExecutor(20) as threads:
            strangers = [threads.submit(fail, app.test_client()) for _ in range(100)]
            owners = [threads.submit(log_in, app.test_client(), **one) for one in owner]
            strangers += [threads.submit(fail, app.test_client()) for _ in range(100)]

        statuses = [status for one in strangers for status in one.result()]
        assert sorted(statuses) == [401] * 10 + [429] * 190
        assert [one.result().status_code for one in owners] == [200, 200]
        assert log_in(client).status_code == 429
