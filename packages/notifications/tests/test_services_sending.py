import pytest

from mercato_notifications import services
from mercato_notifications.services.sending import AWAY_AFTER, BATCH

from .posting import post

PAUSES = [1, 5, 15, 60, 240, 720]
"""Minutes between attempts."""


def states(messages):
    """Return status and attempts of each mail."""
    return [(one.status, one.attempts) for one in messages()]


@pytest.fixture
def send(app):
    """A function that runs the job once."""

    def run():
        with app.app_context():
            return services.send_due()

    return run


class TestSendDue:
    def test_tries_again_with_growing_pauses(self, commit, messages, mailbox, send, later):
        """After 1, 5 and 15 minutes and 1, 4 and 12 hours a mail is tried, and then it failed."""
        mailbox.answers = {"RCPT": ["450 greylisted"] * 9}
        commit(post)
        send()
        for number, minutes in enumerate(PAUSES, start=1):
            later(seconds=60 * minutes - 5)
            send()
            early = states(messages)
            later(seconds=5)
            assert early == [("pending", number)]
            send()

        assert states(messages) == [("failed", len(PAUSES) + 1)]
        assert messages()[0].last_error == "the mail server answered 450 greylisted"

    def test_sends_what_was_away(self, commit, messages, mailbox, send, later):
        """A mail whose server was away for a while arrives once."""
        mailbox.answers = {"MAIL": ["451 busy"]}
        commit(post)
        send()
        later(minutes=1)

        send()

        assert (states(messages), len(mailbox.mails)) == ([("sent", 2)], 1)
        assert messages()[0].last_error is None

    def test_does_not_try_what_is_refused_for_good(self, commit, messages, mailbox, send, later):
        """A recipient that does not exist is tried once."""
        mailbox.answers = {"RCPT": ["550 no such user"]}
        commit(post)

        send()
        later(days=1)
        send()

        assert states(messages) == [("failed", 1)]

    def test_gives_up_stale_mails(self, commit, messages, mailbox, send, later):
        """News that are three days old are not sent."""
        commit(post)
        later(days=3, minutes=1)

        send()

        assert (states(messages), mailbox.mails) == ([("failed", 1)], [])

    def test_leaves_a_server_that_is_away_alone(self, commit, messages, mailbox, send):
        """Two failures in a row end the run; the others are not counted, and wait for the next."""
        mailbox.answers = {"MAIL": ["451 busy"] * 9}
        for number in range(5):
            commit(post, str(number))

        handled = send()

        assert handled == 0
        assert states(messages) == [("pending", int(n < AWAY_AFTER)) for n in range(5)]
        assert [one.lease_id for one in messages()] == [None] * 5

    def test_sends_all_in_batches(self, commit, messages, mailbox, run_worker):
        """The worker repeats the job until no mail is due."""
        for number in range(BATCH + 2):
            commit(post, str(number))

        run_worker()

        assert {one.status for one in messages()} == {"sent"}
        assert len(mailbox.mails) == BATCH + 2

    def test_one_that_fails_does_not_block_others(self, commit, messages, mailbox, send):
        """A mail whose template fails waits with its reason, without the values of it."""
        commit(post, "1", context={"number": 1, "secret": "hush"})
        commit(post, "2")

        send()

        assert states(messages) == [("pending", 1), ("sent", 1)]
        assert messages()[0].last_error == "UndefinedError in notifications.order_paid"
        assert len(mailbox.mails) == 1


class TestRepeat:
    @pytest.fixture
    def settings(self, settings):
        """A timeout that ends before the silence of the server."""
        return {**settings, "smtp_timeout_seconds": 2}

    @pytest.mark.parametrize("answer", ["closed", "silent"])
    def test_repeats_once_what_may_have_arrived(
        self, commit, messages, mailbox, send, later, answer
    ):
        """A mail server that does not answer after the content gets it twice, with one id."""
        mailbox.answers = {"DATA": [answer, "closed"]}
        commit(post)
        for _ in range(3):
            send()
            later(hours=1)

        [message] = messages()
        assert (message.status, message.attempts) == ("uncertain", 2)
        assert {mail["Message-ID"] for mail in mailbox.mails} == {f"<{message.message_id}>"}
        assert len(mailbox.mails) == 2


class TestForgetOld:
    def test_deletes_records(self, commit, messages, mailbox, run_worker, later):
        """Records of mails that are over are deleted after `kept_days`."""
        commit(post)
        run_worker()
        later(days=29)
        commit(services.forget_old)
        kept = len(messages())

        later(days=2)
        commit(services.forget_old)

        assert (kept, messages(), len(mailbox.mails)) == (1, [], 1)
