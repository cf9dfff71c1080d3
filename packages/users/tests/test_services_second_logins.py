from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_testing.mails import MESSAGES
from mercato_users import services
from mercato_users.models import AuditEvent, Challenge, Session, User
from mercato_users.services import challenges

from . import factories
from .factories import id_of
from .mirror import MIRROR, answer_to, enroll

ALICE = {"email": "alice@example.com", "password": factories.PASSWORD}


@pytest.fixture
def fakes():
    """A feature with a second factor."""
    return [MESSAGES, MIRROR]


@pytest.fixture
def settings():
    """Keepers need a second factor."""
    return {"second_factor_for": ["keepers"]}


@pytest.fixture
def enrolled(alice, commit):
    """The client of alice, who has added a factor in this session."""
    commit(enroll, "alice@example.com")
    return alice


@pytest.fixture
def keeper(as_user, commit):
    """The client of a keeper, who may read users, and as a clerk change and erase them."""
    clerk = ["api_keys.write", "users.erase", "users.write"]
    client = as_user(email="kim@example.com", permissions=clerk)
    commit(factories.make_role, "keepers", ["users.read"])
    commit(services.grant_role, id_of(client), "keepers")
    return client


def begin(client, **members):
    """Log in with the right password, and return the challenge."""
    answer = client.post("/v1/auth/login", json={**ALICE, **members})
    assert answer.status_code == 200, answer.json
    return answer.json


def complete(client, body):
    """Answer the challenge of a login, and return the response."""
    return client.post("/v1/auth/mfa", json=body)


def complete_wrongly(client, challenged, times, **members):
    """Answer a challenge wrongly, and return the code of each try."""
    wrong = answer_to(challenged, answer="wrong", **members)
    return [complete(client, wrong).json["code"] for _ in range(times)]


class TestLogIn:
    @pytest.mark.usefixtures("enrolled")
    def test_asks_for_the_factor(self, client, commit):
        """The right password gets a challenge, and no session begins."""
        before = commit(_number_of_sessions)

        challenged = begin(client)

        assert set(challenged) == {"mfa_required", "challenge", "methods", "expires_in"}
        assert challenged["mfa_required"] is True
        assert challenged["methods"] == [{"method": "mirror", "options": {"length": 43}}]
        assert commit(_number_of_sessions) == before

    @pytest.mark.usefixtures("enrolled")
    def test_does_not_reveal_the_factor(self, client):
        """A wrong password is refused as for an account without one."""
        refused = client.post("/v1/auth/login", json=factories.WRONG_LOGIN)

        assert (refused.status_code, refused.json["code"]) == (401, "invalid_credentials")

    @pytest.mark.usefixtures("alice")
    def test_says_that_a_factor_must_be_added(self, client, keeper):
        """An account whose role requires a factor, and that has none, gets tokens and is asked."""
        del keeper
        kim = {"email": "kim@example.com", "password": factories.PASSWORD}

        needs = [
            client.post("/v1/auth/login", json=body).json["mfa_enrollment_required"]
            for body in (ALICE, kim)
        ]

        assert needs == [False, True]


class TestCompleteLogin:
    @pytest.mark.usefixtures("enrolled")
    def test_starts_a_session_with_two_factors(self, client, commit):
        """The answer has what a login has; the session has acr 2 and both methods."""
        answer = complete(client, answer_to(begin(client, device_name="Phone")))

        assert answer.status_code == 200
        assert answer.json["user"]["email"] == "alice@example.com"
        headers = factories.bearer(answer.json["access_token"])
        listed = client.get("/v1/users/me/sessions", headers=headers).json["data"]
        [own] = [one for one in listed if one["current"]]
        assert (own["acr"], own["device"]) == (2, "Phone")
        login = commit(lambda: session.scalars(sa.select(Session).where(Session.acr == 2)).one())
        assert login.amr == ["pwd", "hwk", "mfa"]

    @pytest.mark.usefixtures("enrolled")
    def test_keeps_a_known_device(self, client):
        """The device of a full login is known, and gets the same token at the next one."""
        token = complete(client, answer_to(begin(client))).json["device_token"]

        again = complete(client, answer_to(begin(client, device_token=token), device_token=token))

        assert again.json["device_token"] == token

    @pytest.mark.usefixtures("enrolled")
    def test_takes_a_challenge_once(self, client):
        """A challenge that was answered begins no other session."""
        challenged = begin(client)

        answers = [complete(client, answer_to(challenged)) for _ in range(2)]

        assert [it.status_code for it in answers] == [200, 410]
        assert answers[1].json["code"] == "challenge_expired"

    def test_begins_one_session_of_a_challenge(self, app, enrolled, commit):
        """Of four right answers at once, one begins a session, in each of fifty rounds."""
        user_id, before = id_of(enrolled), commit(_number_of_sessions)
        with ThreadPoolExecutor(4) as threads:
            for round_ in range(50):
                # As a login stores it, without the hash of its password.
                data = {"device_name": None, "pass": None}
                token = commit(challenges.begin, user_id, challenges.LOGIN, data=data)
                right = answer_to({"challenge": token})

                answers = threads.map(
                    lambda _, body=right: complete(app.test_client(), body).status_code, range(4)
                )

                assert sorted(answers) == [200, 410, 410, 410], round_
                assert commit(_number_of_sessions) == before + round_ + 1

    @pytest.mark.usefixtures("enrolled")
    def test_takes_five_tries(self, client):
        """The right answer after five wrong ones is too late."""
        challenged = begin(client)

        assert complete_wrongly(client, challenged, 6) == [
            *["invalid_code"] * 5,
            "challenge_expired",
        ]
        assert complete(client, answer_to(challenged)).status_code == 410

    @pytest.mark.usefixtures("enrolled")
    def test_is_limited_by_account(self, app, client):
        """Ten failures in five minutes, for any number of challenges and callers."""
        challenges = [begin(client) for _ in range(4)]

        with ThreadPoolExecutor(4) as threads:
            tried = threads.map(lambda one: complete_wrongly(app.test_client(), one, 4), challenges)

        codes = sorted(code for codes in tried for code in codes)
        assert codes == ["invalid_code"] * 10 + ["too_many_requests"] * 6

    def test_records_that_it_is_limited(self, client, enrolled, run_worker):
        """The audit trail has once that no more answers of strangers are taken."""
        for _ in range(3):
            complete_wrongly(client, begin(client), 4)
        run_worker()

        events = enrolled.get("/v1/users/me/audit-events").json["data"]
        assert [one["type"] for one in events].count("login_throttled") == 1

    @pytest.mark.usefixtures("enrolled")
    def test_counts_a_known_device_on_its_own(self, client):
        """Strangers with the right password do not lock out the device of the owner."""
        device = complete(client, answer_to(begin(client))).json["device_token"]
        for _ in range(3):
            complete_wrongly(client, begin(client), 4)

        stranger = complete(client, answer_to(begin(client)))
        owner = complete(client, answer_to(begin(client), device_token=device))

        assert (stranger.status_code, owner.status_code) == (429, 200)

    @pytest.mark.usefixtures("enrolled")
    def test_mails_the_owner_at_the_fifth_failure(self, client, mails):
        """A stranger has the password: the owner learns of it once a day."""
        mails()
        complete_wrongly(client, begin(client), 4)
        assert mails() == []

        complete_wrongly(client, begin(client), 4)

        [mail] = mails()
        assert "password" in mail["Subject"]

    def test_belongs_to_its_account(self, client, enrolled, bob, commit):
        """The challenge of a login steps up no session, nor is that of a session a login."""
        commit(enroll, "bob@example.com")
        step_up = bob.post("/v1/auth/step-up/challenge").json

        assert complete(client, answer_to(step_up)).status_code == 410
        assert bob.post("/v1/auth/step-up", json=answer_to(begin(client))).status_code == 410
        assert enrolled.post("/v1/auth/step-up", json=answer_to(begin(client))).status_code == 410

    @pytest.mark.parametrize("how", ["password", "suspended"])
    def test_is_void_after_a_change(self, client, enrolled, charlie, commit, how):
        """A change of the credentials and a suspension void the challenge."""
        challenged = begin(client)
        if how == "password":
            later = sa.update(User).values(credential_epoch=User.credential_epoch + 1)
            commit(lambda: session.execute(later))
        else:
            charlie.post(f"/v1/users/{id_of(enrolled)}/suspend", json={})

        assert complete(client, answer_to(challenged)).status_code == 410

    @pytest.mark.usefixtures("enrolled")
    def test_uses_up_the_pass(self, client, mails, token_in):
        """A mailed pass counts until the login is complete."""
        client.post("/v1/auth/login-link", json={"email": "alice@example.com"})
        token = token_in(mails()[-1])
        for _ in range(10):
            client.post("/v1/auth/login", json=factories.WRONG_LOGIN)

        first = begin(client, **{"pass": token})
        again = begin(client, **{"pass": token})

        assert complete(client, answer_to(first)).status_code == 200
        assert complete(client, answer_to(again)).status_code == 200
        refused = client.post("/v1/auth/login", json={**ALICE, "pass": token})
        assert refused.status_code == 429

    @pytest.mark.usefixtures("enrolled")
    def test_takes_few_statements(self, client, statements, database):
        """The second step takes 6 statements on PostgreSQL; a factor has two more."""
        challenged = begin(client)

        with statements as sent:
            complete(client, answer_to(challenged))

        assert len(sent) == (6 if database.kind == "postgresql" else 12), sent

    @pytest.mark.usefixtures("enrolled")
    def test_is_recorded(self, client, commit):
        """The audit trail has one login, not two."""
        commit(lambda: session.execute(sa.delete(AuditEvent)))

        complete(client, answer_to(begin(client)))

        assert commit(lambda: session.scalars(sa.select(AuditEvent.type)).all()) == ["logged_in"]

    @pytest.mark.usefixtures("enrolled")
    def test_deletes_old_challenges(self, client, run_worker, commit):
        """The worker deletes challenges that have expired."""
        begin(client)
        over = {"expires_at": utc_now() - timedelta(minutes=1)}
        commit(lambda: session.execute(sa.update(Challenge).values(**over)))

        run_worker()

        assert commit(lambda: session.scalars(sa.select(Challenge)).all()) == []


class TestRoleThatNeedsAFactor:
    def test_withholds_its_permissions(self, keeper):
        """Without the factor, what the role gives is out of reach; what other roles give is not."""
        refused = keeper.get("/v1/users")

        assert (refused.status_code, refused.json["code"]) == (401, "step_up_required")
        assert 'acr_values="2"' in refused.headers["WWW-Authenticate"]

    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/v1/users/{id}/suspend", {}),
            ("/v1/users/{id}/erase", {}),
            ("/v1/users/{id}/export", None),
            ("/v1/users/{id}/second-factor/reset", {}),
            ("/v1/invitations", {"email": "ann@example.com", "roles": ["keepers"]}),
            ("/v1/api-keys", {"name": "x", "scopes": []}),
        ],
    )
    def test_changes_nothing_of_others(self, keeper, alice, path, body):
        """What the account holds decides what it may change, so all of it must count."""
        of_alice = {"user_id": str(id_of(alice))} if path == "/v1/api-keys" else {}

        refused = keeper.post(path.format(id=id_of(alice)), json=body and body | of_alice)

        assert (refused.status_code, refused.json["code"]) == (401, "step_up_required")

    def test_counts_beside_the_factor(self, keeper, alice, commit):
        """After a step-up with the factor, all permissions count."""
        commit(enroll, "kim@example.com")
        challenged = keeper.post("/v1/auth/step-up/challenge").json

        keeper.post("/v1/auth/step-up", json=answer_to(challenged))

        assert keeper.get("/v1/users").status_code == 200
        assert keeper.post(f"/v1/users/{id_of(alice)}/suspend", json={}).status_code == 204

    def test_is_read_in_one_statement(self, keeper, statements):
        """Who a caller is, and what it may do, is one statement a request."""
        with statements as sent:
            keeper.get("/v1/users")

        assert len(sent) == 1, sent


class TestStaffThatNeedsAFactor:
    @pytest.fixture
    def settings(self):
        """Every role that holds a permission needs a second factor."""
        return {"second_factor_for": ["staff"]}

    @pytest.mark.usefixtures("alice")
    def test_is_every_role_with_a_permission(self, client, charlie):
        """Staff are asked for a factor, and have no permission without it; customers are not."""
        staff = {"email": "charlie@example.com", "password": factories.PASSWORD}

        needs = [
            client.post("/v1/auth/login", json=body).json["mfa_enrollment_required"]
            for body in (ALICE, staff)
        ]

        assert needs == [False, True]
        assert charlie.get("/v1/users").json["code"] == "step_up_required"


class TestWithoutProvider:
    @pytest.fixture
    def fakes(self):
        """No feature has a second factor."""
        return [MESSAGES]

    @pytest.fixture
    def settings(self):
        """No role needs one."""
        return {}

    @pytest.mark.usefixtures("enrolled")
    def test_is_unavailable(self, client):
        """The right password is not enough where no enabled feature can verify the factor."""
        refused = client.post("/v1/auth/login", json=ALICE)

        assert (refused.status_code, refused.json["code"]) == (503, "second_factor_unavailable")


def _number_of_sessions():
    return session.scalar(sa.select(sa.func.count()).select_from(Session))
