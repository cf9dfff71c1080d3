import uuid
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from mercato_kit import privacy
from mercato_kit.db import session, utc_now
from mercato_users import services
from mercato_users.models import AuditEvent

from . import factories
from .factories import close, id_of, key


@pytest.fixture
def cancel(client):
    """A function that posts the token of the link that cancels an erasure."""
    return lambda token: client.post("/v1/users/me/erasure/cancel", json={"token": token})


@pytest.fixture
def staff(as_user):
    """A client of staff who may do everything with accounts."""
    return as_user(permissions=["users.read", "users.write", "users.erase"])


def request_of(request_id):
    """Return status and subject of a request about a person's data."""
    found = privacy.get(uuid.UUID(request_id))
    return found.kind, found.status, found.subject


def trail_of(user_id):
    """Return the types of the entries of a user's audit trail, oldest first."""
    rows = sa.select(AuditEvent.type).where(AuditEvent.user_id == user_id)
    return list(session.scalars(rows.order_by(AuditEvent.created_at, AuditEvent.id)))


class TestCloseOwnAccount:
    def test_asks_for_an_erasure_in_a_day(self, alice, commit):
        """The answer says when it begins; the request names the account and its address."""
        user_id = id_of(alice)

        closed = close(alice)

        assert closed.status_code == 202
        due_at = datetime.fromisoformat(closed.json["due_at"])
        assert timedelta(hours=23) < due_at - utc_now() <= timedelta(hours=24)
        subject = privacy.Subject(user_id, frozenset({"alice@example.com"}))
        assert commit(request_of, closed.json["id"]) == ("erase", "scheduled", subject)
        assert commit(trail_of, user_id) == ["logged_in", "erasure_asked"]

    def test_ends_every_session(self, client, alice, staff):
        """No token and no login is accepted from then on, and no known device."""
        user_id = id_of(alice)

        close(alice)

        assert alice.get("/v1/users/me").status_code == 401
        refresh = {"refresh_token": alice.tokens["refresh_token"]}
        assert client.post("/v1/auth/refresh", json=refresh).status_code == 401
        body = {"email": "alice@example.com", "password": factories.PASSWORD}
        body["device_token"] = alice.tokens["device_token"]
        assert client.post("/v1/auth/login", json=body).status_code == 401
        assert staff.get(f"/v1/users/{user_id}").json["status"] == "closing"

    def test_needs_the_password(self, alice, outbox):
        """A wrong password is refused, and the account stays open."""
        refused = close(alice, current_password="not her password")

        assert (refused.status_code, refused.json["code"]) == (401, "invalid_credentials")
        assert alice.get("/v1/users/me").json["status"] == "active"
        assert list(outbox("user.erasure_asked")) == []

    def test_keeps_the_last_administrator(self, alice, commit):
        """An account without which the shop has no administrator is not closed."""
        commit(services.grant_role, id_of(alice), "admin")

        refused = close(alice)

        assert (refused.status_code, refused.json["code"]) == (409, "last_administrator")
        assert alice.get("/v1/users/me").json["status"] == "active"


class TestCancelErasure:
    def test_opens_the_account_again(self, client, alice, mails, token_in, cancel, commit):
        """The owner logs in with the password as before; nothing will be erased."""
        user_id, asked = id_of(alice), close(alice).json["id"]
        (mail,) = mails()

        done = cancel(token_in(mail))

        assert (mail["To"], done.status_code) == ("alice@example.com", 204)
        assert factories.log_in(client)["user"]["status"] == "active"
        assert commit(request_of, asked) == ("erase", "canceled", None)
        assert commit(trail_of, user_id)[-2:] == ["erasure_canceled", "logged_in"]

    def test_works_once(self, alice, mails, token_in, cancel):
        """A link that was used, and one that never was any, get the same answer."""
        close(alice)
        (mail,) = mails()
        cancel(token_in(mail))

        answers = [cancel(token_in(mail)), cancel("a token of nothing")]

        assert [answer.status_code for answer in answers] == [410, 410]
        assert answers[0].json["code"] == answers[1].json["code"] == "token_expired"

    def test_is_too_late_once_it_has_begun(self, alice, mails, token_in, cancel, commit):
        """An erasure that was begun goes on, and the link is refused."""
        asked = close(alice).json["id"]
        (mail,) = mails()
        commit(privacy.cancel, uuid.UUID(asked))

        assert cancel(token_in(mail)).status_code == 410

    def test_leaves_a_suspended_account_suspended(
        self, client, alice, staff, mails, token_in, cancel
    ):
        """A link does not undo what staff decided before."""
        at = f"/v1/users/{id_of(alice)}"
        staff.post(f"{at}/suspend", json={})
        staff.post(f"{at}/erase", json={}, headers=key())
        (mail,) = mails()

        cancel(token_in(mail))

        assert staff.get(at).json["status"] == "suspended"


class TestCloseAccount:
    def test_closes_the_account_of_another(self, alice, staff, commit):
        """Staff with the permission ask for the erasure on the owner's request."""
        user_id = id_of(alice)

        closed = staff.post(f"/v1/users/{user_id}/erase", json={"reason": "Letter"}, headers=key())

        assert closed.status_code == 202
        assert alice.get("/v1/users/me").status_code == 401
        assert commit(trail_of, user_id)[-1] == "erasure_asked"

    def test_of_a_closing_account_is_refused(self, alice, staff):
        """There is one erasure of an account."""
        path = f"/v1/users/{id_of(alice)}/erase"
        staff.post(path, json={}, headers=key())

        refused = staff.post(path, json={}, headers=key())

        assert (refused.status_code, refused.json["code"]) == (409, "invalid_transition")

    def test_mails_no_link_to_an_address_that_was_never_verified(self, staff, commit, mails):
        """That mailbox may belong to another person."""
        user = commit(factories.make_user, email_verified_at=None)

        staff.post(f"/v1/users/{user.id}/erase", json={}, headers=key())

        assert mails() == []

    @pytest.mark.parametrize("what", ["erase", "export"])
    def test_of_who_holds_more_is_refused(self, alice, staff, commit, what):
        """The account holds a permission that the caller lacks."""
        commit(factories.give, "alice@example.com", ["roles.write"])

        refused = staff.post(f"/v1/users/{id_of(alice)}/{what}", json={}, headers=key())

        assert refused.status_code == 403

    @pytest.mark.parametrize("what", ["erase", "export"])
    def test_needs_the_permission(self, alice, as_user, what):
        """Who may write accounts may not therefore erase or export them."""
        clerk = as_user(permissions=["users.read", "users.write"])

        refused = clerk.post(f"/v1/users/{id_of(alice)}/{what}", json={}, headers=key())

        assert refused.status_code == 403
