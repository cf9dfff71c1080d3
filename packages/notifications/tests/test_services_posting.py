import pytest

from mercato_contracts.messages import NotSentError
from mercato_kit.db import new_id
from mercato_notifications.templates import NoTemplateError

from .posting import VALUES, post, post_secret


class TestStored:
    def test_is_stored_and_sent_later(self, commit, messages, run_worker, mailbox):
        """A mail is a row in the caller's transaction; the worker sends it."""
        commit(post)
        before = len(mailbox.mails)

        run_worker()

        [message], [mail] = messages(), mailbox.mails
        assert (before, message.status, message.attempts) == (0, "sent", 1)
        assert mail["Message-ID"] == f"<{message.message_id}>"
        assert mail["X-RcptTo"] == "alice@example.com"

    def test_is_rolled_back_with_the_caller(self, commit, messages):
        """A caller that fails has posted nothing."""

        def fail():
            post()
            raise LookupError

        with pytest.raises(LookupError):
            commit(fail)

        assert messages() == []

    def test_is_posted_once_by_template_and_key(self, commit, messages, run_worker, mailbox):
        """A second mail of the same template and key is none; of another one it is."""
        commit(post)
        run_worker()

        commit(post)
        commit(post, template="notifications.order_expired")
        commit(post, "2")
        run_worker()

        assert len(messages()) == len(mailbox.mails) == 3

    def test_needs_a_template(self, commit):
        """A name that no feature has a template of is an error of the caller."""
        for name in ("notifications.nothing", "nothing.order_paid", "order_paid", "../layout"):
            with pytest.raises(NoTemplateError):
                commit(post, template=name)

    def test_of_a_locale_that_is_none_is_in_the_shops(self, commit, run_worker, mailbox):
        """A language that is not a language tag reaches neither a path nor a row."""
        commit(post, locale="../../etc")

        run_worker()

        assert mailbox.mails[0]["Subject"] == "Your payment for order 1001 has arrived"


class TestSecrets:
    def test_are_sent_at_once_and_not_stored(self, app, messages, mailbox):
        """A mail with secrets has been sent when post() returns; its row lacks them."""
        post_secret(app)

        [message] = messages()
        assert "1001" in mailbox.mails[0]["Subject"]
        assert (message.status, message.has_secrets) == ("sent", True)
        assert message.context == {k: v for k, v in VALUES.items() if k != "number"}

    def test_are_sent_once(self, app, mailbox):
        """A handler that is repeated after a crash sends no second mail."""
        post_secret(app)
        post_secret(app)

        assert len(mailbox.mails) == 1

    def test_are_refused_in_a_transaction(self, commit, messages):
        """A caller that waits for the mail server holds no transaction."""
        with pytest.raises(RuntimeError, match="must not be called in a unit of work"):
            commit(post, secrets=("number",))

        assert messages() == []

    def test_survive_a_mail_server_that_is_away(self, app, messages, mailbox, run_worker):
        """The call fails, so that the handler is repeated; the worker does not take the row."""
        mailbox.answers = {"MAIL": ["451 later"] * 9}
        for _ in range(9):
            with pytest.raises(NotSentError, match="451 later"):
                post_secret(app)
        run_worker()
        waiting = [(one.status, one.attempts) for one in messages()]

        post_secret(app)

        assert waiting == [("pending", 9)]
        assert [one.status for one in messages()] == ["sent"]
        assert len(mailbox.mails) == 1

    def test_are_given_up_after_three_days(self, app, messages, mailbox, later):
        """A handler that is repeated for longer ends, without a mail."""
        mailbox.answers = {"MAIL": ["451 later"]}
        with pytest.raises(NotSentError):
            post_secret(app)
        later(days=3, minutes=1)

        post_secret(app)

        [message] = messages()
        assert (message.status, mailbox.mails) == ("failed", [])
        assert message.last_error == "stale: it could not be sent in 3 days"

    def test_that_are_refused_end_the_handler(self, app, messages, mailbox):
        """A recipient that the mail server refuses for good is not tried again."""
        mailbox.answers = {"RCPT": ["550 no such user <alice@example.com>"]}

        post_secret(app)

        [message] = messages()
        assert (message.status, message.last_error) == (
            "failed",
            "the mail server answered 550 no such user <address>",
        )

    def test_may_arrive_twice_and_no_oftener(self, app, messages, mailbox):
        """After an answer that was lost, the mail is sent once more, with the same Message-ID."""
        mailbox.answers = {"DATA": ["closed", "closed"]}
        with pytest.raises(NotSentError, match="did not answer after it had the mail"):
            post_secret(app)

        post_secret(app)
        post_secret(app)

        [message] = messages()
        assert message.status == "uncertain"
        assert [mail["Message-ID"] for mail in mailbox.mails] == [f"<{message.message_id}>"] * 2

    def test_are_not_in_errors(self, app, messages, mailbox):
        """A template that fails shows its error without the values."""
        context = {k: v for k, v in VALUES.items() if k != "currency"}

        with pytest.raises(NotSentError) as failed:
            post_secret(app, context={**context, "number": "a-secret"}, key=str(new_id()))

        assert str(failed.value) == "UndefinedError in notifications.order_paid"
        assert "a-secret" not in repr([vars(one) for one in messages()])
