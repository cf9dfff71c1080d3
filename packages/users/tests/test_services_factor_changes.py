from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_contracts.accounts import FactorRequired
from mercato_contracts.second_factor import Proof
from mercato_kit import work
from mercato_kit.db import new_id, session, utc_now
from mercato_kit.errors import Unauthenticated
from mercato_kit.identity import current_principal
from mercato_testing.contracts import AccountsSuite
from mercato_testing.mails import MESSAGES
from mercato_users import one_time_tokens, services
from mercato_users.models import AuditEvent, User
from mercato_users.provides import AccountFactors

from . import factories
from .factories import id_of
from .mirror import BOOK, MIRROR, answer_to, enroll

HAS_FACTOR = sa.select(User.has_factor)


@pytest.fixture
def fakes():
    """A feature with a second factor."""
    return [MESSAGES, MIRROR]


@pytest.fixture
def settings():
    """Keepers need a second factor."""
    return {"second_factor_for": ["keepers"]}


@pytest.fixture
def acting(app):
    """A function that runs another in a request of a client."""

    def run(client, function, *arguments, **named):
        headers = {"Authorization": client.environ_base["HTTP_AUTHORIZATION"]}
        with app.test_request_context(headers=headers):
            assert current_principal.sub
            return work.run(lambda: function(*arguments, **named))

    return run


def change(user_id, *, has_factor=True, added=None):
    """Change the factors of an account, as a provider does."""
    AccountFactors().lock(user_id)
    AccountFactors().factor_changed(user_id, has_factor=has_factor, method="app", added=added)


def add(user_id):
    """Add a factor."""
    change(user_id, added=Proof(("otp",)))


class TestContract(AccountsSuite):
    provider = AccountFactors

    @pytest.fixture
    def clients(self, alice, bob):
        """Clients by id of their account."""
        return {id_of(client): client for client in (alice, bob)}

    @pytest.fixture
    def two_accounts(self, clients):
        """The accounts of alice and bob."""
        return tuple(clients)

    @pytest.fixture
    def as_owner(self, clients, acting):
        """Runs a function in a request of the owner."""

        def run(user_id, function, *arguments, **named):
            return acting(clients[user_id], function, *arguments, **named)

        return run


class TestLock:
    def test_is_refused_once_the_session_has_ended(self, alice, acting):
        """A thief whose session ends during the request adds no factor to the account."""

        def end_and_add(user_id):
            services.end_other_sessions(user_id, None)
            add(user_id)

        with pytest.raises(Unauthenticated):
            acting(alice, end_and_add, id_of(alice))


class TestFactorChanged:
    def test_ends_other_sessions(self, client, alice, acting):
        """The session that adds a factor stays, with two factors; the others end."""
        other = factories.log_in(client)["access_token"]

        acting(alice, add, id_of(alice))

        assert client.get("/v1/users/me", headers=factories.bearer(other)).status_code == 401
        [listed] = alice.get("/v1/users/me/sessions").json["data"]
        assert listed["acr"] == 2

    def test_voids_mailed_links(self, alice, acting, commit):
        """A link to set a new password that was mailed before does not work any more."""
        user_id = id_of(alice)
        purpose = one_time_tokens.RESET_PASSWORD
        token = commit(one_time_tokens.store, user_id, purpose, new_id(), {})

        acting(alice, add, user_id)

        body = {"token": token, "password": "an entirely new one"}
        assert alice.post("/v1/auth/password/reset", json=body).status_code == 410

    def test_is_recorded_and_mailed(self, alice, acting, mails):
        """The owner finds the change in the audit trail, and gets a mail."""
        mails()
        acting(alice, add, id_of(alice))

        events = alice.get("/v1/users/me/audit-events").json["data"]
        [recorded] = [one for one in events if one["type"] == "factor_added"]
        assert recorded["by"] == "you"
        assert ["second factor" in mail["Subject"] for mail in mails()] == [True]

    def test_keeps_the_last_one_of_a_role(self, alice, acting, commit):
        """Where a role requires a factor, the last one cannot be removed."""
        user_id = id_of(alice)
        commit(factories.make_role, "keepers", ["users.read"])
        commit(services.grant_role, user_id, "keepers")
        acting(alice, add, user_id)

        with pytest.raises(FactorRequired):
            acting(alice, change, user_id, has_factor=False)

        assert commit(lambda: session.scalar(HAS_FACTOR))

    def test_asks_all_providers(self, alice, acting, commit):
        """An account has a factor while any provider keeps one of it."""
        user_id = commit(enroll, "alice@example.com")

        acting(alice, change, user_id, has_factor=False)

        assert commit(lambda: session.scalar(HAS_FACTOR))


class TestReset:
    def test_removes_the_factors_and_ends_the_sessions(self, charlie, alice, commit, mails):
        """Staff help an owner who has lost everything; the owner gets a mail."""
        user_id = commit(enroll, "alice@example.com")
        path = f"/v1/users/{user_id}/second-factor/reset"
        mails()

        answer = charlie.post(path, json={"reason": "Lost phone"})

        assert answer.status_code == 204
        assert alice.get("/v1/users/me").status_code == 401
        has_factor = HAS_FACTOR.where(User.id == user_id)
        assert (commit(lambda: session.scalar(has_factor)), user_id in BOOK.added) == (False, False)
        assert ["removed" in mail["Subject"] for mail in mails()] == [True]
        reset = sa.select(AuditEvent).where(AuditEvent.type == "factor_reset")
        assert commit(lambda: session.scalars(reset).one()).data == {"reason": "Lost phone"}

    def test_keeps_to_what_the_actor_holds(self, as_user, alice, commit):
        """An account that holds more than the actor is out of reach."""
        clerk = as_user(email="clerk@example.com", permissions=["users.write"])
        user_id = commit(enroll, "alice@example.com")
        commit(services.grant_role, user_id, "admin")

        refused = clerk.post(f"/v1/users/{user_id}/second-factor/reset", json={})

        assert (refused.status_code, user_id in BOOK.added) == (403, True)

    def test_refuses_an_unknown_account(self, charlie):
        """There is nothing to reset."""
        refused = charlie.post(f"/v1/users/{new_id()}/second-factor/reset", json={})

        assert refused.status_code == 404


class TestUndoEmail:
    @pytest.mark.parametrize(
        ("added", "stays"),
        [
            (timedelta(days=-7, minutes=-1), True),
            (timedelta(days=-6), False),
            (timedelta(minutes=-1), False),
            (timedelta(minutes=1), False),
        ],
    )
    def test_removes_what_a_thief_may_have_added(self, alice, commit, added, stays):
        """Factors of the week before the change go, and those since; older ones stay."""
        user_id = id_of(alice)
        data = {"email": "alice@example.com"}
        token = commit(one_time_tokens.store, user_id, one_time_tokens.UNDO_EMAIL, new_id(), data)
        commit(enroll, "alice@example.com", added_at=utc_now() + added)

        assert alice.post("/v1/users/me/email/undo", json={"token": token}).status_code == 204

        assert commit(lambda: session.scalar(HAS_FACTOR)) is stays
        assert (user_id in BOOK.added) is stays

    def test_lets_the_owner_in(self, client, alice, mails, token_in, commit):
        """The owner sets a password and logs in, though the thief first added a factor."""
        commit(enroll, "alice@example.com")
        body = {"email": "thief@example.com", "current_password": factories.PASSWORD}
        challenged = alice.post("/v1/auth/step-up/challenge").json
        alice.post("/v1/auth/step-up", json=answer_to(challenged))
        assert alice.put("/v1/users/me/email", json=body).status_code == 202
        link = next(one for one in mails() if one["To"] == "thief@example.com")
        client.post("/v1/users/me/email/confirm", json={"token": token_in(link)})
        undo = next(one for one in mails() if one["To"] == "alice@example.com")

        client.post("/v1/users/me/email/undo", json={"token": token_in(undo)})

        reset = next(one for one in mails() if one["To"] == "alice@example.com")
        new = {"token": token_in(reset), "password": "an entirely new one"}
        assert client.post("/v1/auth/password/reset", json=new).status_code == 204
        assert "mfa_required" not in factories.log_in(client, password="an entirely new one")
