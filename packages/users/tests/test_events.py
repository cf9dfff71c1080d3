"""Mails of accounts: while they cannot be sent, and where no feature sends any."""

import pytest
import sqlalchemy as sa

from mercato_kit.composition import handlers_of
from mercato_kit.db import session
from mercato_kit.models import InboxDelivery
from mercato_users.events import MAILS

from . import factories


def deliveries():
    """Return the deliveries that wait."""
    waiting = sa.select(InboxDelivery).where(InboxDelivery.processed_at.is_(None))
    return session.scalars(waiting).all()


def make_due():
    """Let the pause before the next attempt end."""
    for delivery in deliveries():
        delivery.next_attempt_at = delivery.next_attempt_at.replace(year=2020)


class TestAway:
    def test_a_link_survives_a_mail_server_that_is_away(
        self, client, commit, run_worker, postbox, token_in
    ):
        """The registration succeeds, and its link is mailed when mails can be sent again."""
        postbox.is_away = True
        answer = client.post("/v1/users", json=factories.registration())
        failed = run_worker().failed
        postbox.is_away = False
        commit(make_due)

        run_worker()

        [mail] = postbox.take()
        token = {"token": token_in(mail)}
        assert (answer.status_code, failed > 0) == (202, True)
        assert client.post("/v1/users/verify-email", json=token).status_code == 204

    def test_a_repeated_handler_mails_the_same_link_once(self, client, commit, run_worker, postbox):
        """The key of a mail is the event, so that a second delivery posts the same mail."""
        client.post("/v1/users", json=factories.registration())
        run_worker()
        commit(lambda: session.execute(sa.update(InboxDelivery).values(processed_at=None)))
        commit(make_due)

        run_worker()

        assert len(postbox.take()) == 1


class TestOff:
    @pytest.fixture
    def fakes(self):
        """No feature sends mails."""
        return []

    def test_nothing_waits_for_mails(self, app, client, commit, run_worker):
        """Without `messages` the handlers are not composed, so that nothing is mailed later."""
        client.post("/v1/users", json=factories.registration())

        with app.app_context():
            composed = handlers_of(app.extensions["mercato"].features)
        names = {f"users.{handler.name}" for handler in MAILS}
        assert names.isdisjoint(composed)
        assert names.isdisjoint(one.consumer for one in commit(deliveries))
