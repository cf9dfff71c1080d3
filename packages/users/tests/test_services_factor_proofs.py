from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_testing.mails import MESSAGES
from mercato_users.models import AuditEvent, Challenge, Session

from .mirror import CLONE, MIRROR, RECOVERY, answer_to, enroll

ROLE = {"name": "x", "permissions": []}


@pytest.fixture
def fakes():
    """A feature with a second factor."""
    return [MESSAGES, MIRROR]


@pytest.fixture
def challenged(charlie, commit):
    """A challenge of charlie, who has added a factor in another session."""
    commit(enroll, "charlie@example.com")
    return begin(charlie)


def begin(client):
    """Return a new challenge of the session of a client."""
    answer = client.post("/v1/auth/step-up/challenge")
    assert answer.status_code == 200, answer.json
    return answer.json


def step_up(client, body):
    """Answer a challenge, and return the response."""
    return client.post("/v1/auth/step-up", json=body)


class TestBeginStepUp:
    def test_shows_the_methods(self, challenged):
        """A challenge has what a client needs for each method, and is valid for five minutes."""
        assert challenged["methods"] == [{"method": "mirror", "options": {"length": 43}}]
        assert challenged["expires_in"] == 300

    def test_needs_a_factor(self, alice):
        """An account without one has nothing to answer with."""
        refused = alice.post("/v1/auth/step-up/challenge")

        assert (refused.status_code, refused.json["code"]) == (409, "no_second_factor")


class TestStepUp:
    def test_makes_a_session_one_with_two_factors(self, charlie, challenged, commit):
        """A session of before may do again what needs the factor, and the trail says so."""
        before = charlie.post("/v1/roles", json=ROLE)

        stepped = step_up(charlie, answer_to(challenged))

        assert (before.status_code, before.json["code"]) == (401, "step_up_required")
        assert set(stepped.json) == {"access_token", "token_type", "expires_in"}
        assert charlie.post("/v1/roles", json=ROLE).status_code == 201
        login = commit(lambda: session.scalars(sa.select(Session)).one())
        assert (login.acr, login.amr) == (2, ["pwd", "hwk", "mfa"])
        kinds = commit(lambda: list(session.scalars(sa.select(AuditEvent.type))))
        assert kinds.count("stepped_up") == 1

    def test_takes_a_challenge_once(self, charlie, challenged):
        """A challenge that was answered is void."""
        answers = [step_up(charlie, answer_to(challenged)) for _ in range(2)]

        assert [it.status_code for it in answers] == [200, 410]
        assert answers[1].json["code"] == "challenge_expired"

    def test_takes_five_tries(self, charlie, challenged):
        """The right answer after five wrong ones is too late; a new challenge works."""
        wrong = answer_to(challenged, answer="wrong")

        codes = [step_up(charlie, wrong).json["code"] for _ in range(5)]

        assert codes == ["invalid_code"] * 5
        assert step_up(charlie, answer_to(challenged)).json["code"] == "challenge_expired"
        assert step_up(charlie, answer_to(begin(charlie))).status_code == 200

    def test_ends_the_session_after_ten(self, charlie, challenged):
        """Ten wrong codes and passwords together end the session."""
        del challenged
        for _ in range(2):
            wrong = answer_to(begin(charlie), answer="wrong")
            codes = [step_up(charlie, wrong).json["code"] for _ in range(5)]

        assert codes == ["invalid_code"] * 5
        assert charlie.get("/v1/users/me").status_code == 401

    def test_belongs_to_its_session(self, client, charlie, bob, challenged, commit):
        """A challenge answers for one session: not for another account, nor another session."""
        commit(enroll, "bob@example.com")

        assert step_up(bob, answer_to(challenged)).json["code"] == "challenge_expired"
        assert step_up(charlie, answer_to(begin(bob))).json["code"] == "challenge_expired"
        assert step_up(charlie, answer_to(challenged)).status_code == 200

    @pytest.mark.parametrize("how", ["expired", "void"])
    def test_is_not_valid_for_long(self, charlie, challenged, commit, how):
        """A challenge expires, and is void when the credentials change."""
        values = {"expires_at": utc_now() - timedelta(seconds=1)} if how == "expired" else {}
        values = values or {"epoch": Challenge.epoch - 1}
        commit(lambda: session.execute(sa.update(Challenge).values(**values)))

        assert step_up(charlie, answer_to(challenged)).json["code"] == "challenge_expired"

    def test_says_that_a_recovery_code_was_used(self, charlie, challenged, commit, mails):
        """The owner gets a mail, and the audit trail has it."""
        mails()

        assert step_up(charlie, answer_to(challenged, answer=RECOVERY)).status_code == 200

        kinds = commit(lambda: list(session.scalars(sa.select(AuditEvent.type))))
        assert "recovery_code_used" in kinds
        assert ["recovery code" in mail["Subject"] for mail in mails()] == [True]

    def test_refuses_a_copied_key(self, charlie, challenged, commit, mails):
        """It counts as wrong; the owner gets a mail, and the audit trail has it."""
        mails()

        refused = step_up(charlie, answer_to(challenged, answer=CLONE))

        assert refused.json["code"] == "invalid_code"
        kinds = commit(lambda: list(session.scalars(sa.select(AuditEvent.type))))
        assert "passkey_clone_suspected" in kinds
        assert ["passkey" in mail["Subject"] for mail in mails()] == [True]

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"challenge": "x", "method": "mirror"},
            {"password": "x", "challenge": "x", "method": "mirror", "answer": "x"},
        ],
    )
    def test_takes_one_proof(self, alice, body):
        """Neither none, nor a part of one, nor two."""
        assert step_up(alice, body).status_code == 422


class TestWithoutProvider:
    @pytest.fixture
    def fakes(self):
        """No feature has a second factor."""
        return [MESSAGES]

    def test_is_unavailable(self, charlie, commit):
        """An account whose factor no enabled feature can verify gets no challenge."""
        commit(enroll, "charlie@example.com")

        refused = charlie.post("/v1/auth/step-up/challenge")

        assert (refused.status_code, refused.json["code"]) == (503, "second_factor_unavailable")
