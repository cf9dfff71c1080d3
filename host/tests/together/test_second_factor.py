"""An administrator of a shop whose role needs a second factor: users and mfa together."""

import base64
import runpy
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from mercato_kit import work
from mercato_kit.db import new_id, session
from mercato_mfa.models import Passkey
from mercato_users import one_time_tokens, services
from mercato_users.models import Session, User
from mercato_users.values import NewUser

from .recorder import ROOT as WORKSPACE
from .shopping import PASSWORD

_FILE = WORKSPACE / "packages/mfa/tests/authenticator.py"
Authenticator = runpy.run_path(str(_FILE))["Authenticator"]

ROOT = "/v1/users/me/mfa"
LOGIN = {"email": "ada@example.com", "password": PASSWORD}
SETTINGS = '[features.users.settings]\nsecond_factor_for = ["admin"]\n[features.mfa]\n'


@pytest.fixture
def app(boot, write_deployment):
    """A shop with accounts and second factors, and the administrator ada."""
    app = boot(write_deployment(more=SETTINGS))

    create(app, LOGIN["email"])
    with app.app_context():
        work.run(lambda: services.grant_role(session.scalar(sa.select(User.id)), "admin"))
    return app


@pytest.fixture
def client(app):
    """A client of the shop."""
    return app.test_client()


class Ada:
    """What ada does in one session."""

    def __init__(self, client, login):
        self.client, self.headers = client, {"Authorization": f"Bearer {login['access_token']}"}

    def send(self, method, path, expected, **body):
        """Send a request, and return the answer."""
        answer = self.client.open(path, method=method, headers=self.headers, **body)
        assert answer.status_code == expected, answer.text
        return answer.json

    def add_app(self):
        """Add an authenticator app, and return its secret."""
        new = self.send("POST", f"{ROOT}/totp", 201, json={"label": "Phone"})
        secret = base64.b32decode(new["secret"])
        confirmation = {"id": new["id"], "code": code_of(secret)}
        self.send("POST", f"{ROOT}/totp/confirm", 200, json=confirmation)
        return secret


def code_of(secret, after_seconds=0):
    """Return the code of an app, now or later."""
    app = TOTP(secret, 6, SHA1(), 30)  # noqa: S303 - the only hash of such apps
    return app.generate(int(time.time()) + after_seconds).decode()


def create(app, email):
    """Create an account, and return the body of its login."""
    login = {**LOGIN, "email": email}
    with app.app_context():
        work.run(lambda: services.create_verified_user(NewUser(**login)))
    return login


def log_in(client, login=LOGIN):
    """Log in with the password, and return the answer."""
    return client.post("/v1/auth/login", json=login).json


def new_passkey(person):
    """Return the body that adds a new passkey of an authenticator in software."""
    begun = person.send("POST", f"{ROOT}/passkeys/options", 200)
    return {"challenge": begun["challenge"], "credential": Authenticator().create(begun["options"])}


def add_passkey(person, body):
    """Add a passkey, and return the status of the answer."""
    path = f"{ROOT}/passkeys"
    return person.client.post(path, json=body, headers=person.headers).status_code


def complete(client, challenged, method, answer):
    """Answer the challenge of a login, and return the response."""
    body = {"challenge": challenged["challenge"], "method": method, "answer": answer}
    return client.post("/v1/auth/mfa", json=body)


def names_of(challenged):
    """Return the methods of a challenge."""
    return [one["method"] for one in challenged["methods"]]


def removed_passkeys(app):
    """Let all accounts be without factor, in sessions as after a login; return the passkeys."""

    def remove():
        session.execute(sa.update(User).values(has_factor=False))
        as_before = {"revoked_at": None, "revoke_reason": None, "acr": 1, "amr": ["pwd"]}
        session.execute(sa.update(Session).values(**as_before))
        return session.execute(sa.delete(Passkey)).rowcount

    with app.app_context():
        return work.run(remove)


class TestAdministrator:
    def test_uses_the_permissions_beside_a_factor_alone(self, client):
        """From the first login over enrolment, the next login, to a lost phone."""
        first = log_in(client)
        ada = Ada(client, first)

        # Without a factor, the role gives nothing, and an app can be added.
        assert first["mfa_enrollment_required"] is True
        assert ada.send("GET", "/v1/users", 401)["code"] == "step_up_required"
        secret = ada.add_app()
        assert len(ada.send("GET", "/v1/users", 200)["data"]) == 1
        codes = ada.send("POST", f"{ROOT}/recovery-codes", 201)["codes"]

        # The next login asks for the app, and takes its code once.
        challenged = log_in(client)
        assert names_of(challenged) == ["totp", "recovery_code"]
        later = code_of(secret, after_seconds=30)
        again = Ada(client, complete(client, challenged, "totp", later).json)
        assert len(again.send("GET", "/v1/users", 200)["data"]) == 1
        assert complete(client, log_in(client), "totp", later).status_code == 401

        # The phone is lost: a recovery code logs in, once.
        lost = complete(client, log_in(client), "recovery_code", codes[0])
        assert lost.status_code == 200
        assert complete(client, log_in(client), "recovery_code", codes[0]).status_code == 401

        # The role needs a factor, so the app goes only after another one was added.
        ada = Ada(client, lost.json)
        [app] = ada.send("GET", ROOT, 200)["factors"]
        path = f"{ROOT}/{app['id']}"
        assert ada.send("DELETE", path, 409)["code"] == "factor_required"
        ada.add_app()
        ada.send("DELETE", path, 204)

    def test_adds_one_first_factor(self, app, client):
        """Of two sessions that add a first passkey at once, one is refused: fifty rounds."""
        login = create(app, "bob@example.com")
        both = [Ada(app.test_client(), log_in(client, login)) for _ in range(2)]
        with ThreadPoolExecutor(2) as threads:
            for round_ in range(50):
                bodies = [new_passkey(one) for one in both]

                statuses = list(threads.map(add_passkey, both, bodies))

                assert sorted(statuses) == [201, 401], round_
                assert removed_passkeys(app) == 1, round_

    def test_keeps_the_factor_over_a_reset_of_the_password(self, app, client):
        """Control of the mailbox alone gives no access."""
        Ada(client, log_in(client)).add_app()
        token = reset_token(app)

        body = {"token": token, "password": "an entirely new one"}
        assert client.post("/v1/auth/password/reset", json=body).status_code == 204

        login = {**LOGIN, "password": "an entirely new one"}
        assert client.post("/v1/auth/login", json=login).json["mfa_required"] is True


def reset_token(app):
    """Return the token of a mailed link to set a new password."""

    def store():
        user_id = session.scalar(sa.select(User.id))
        return one_time_tokens.store(user_id, one_time_tokens.RESET_PASSWORD, new_id(), {})

    with app.app_context():
        return work.run(store)
