import pytest
from click.testing import CliRunner

from mercato_kit import work
from mercato_notifications.cli import commands
from mercato_testing.samples.documents import read_document

from .posting import post, post_secret


@pytest.fixture
def mercato(app):
    """A function that runs `mercato notifications`, as `mercato` does; it returns the result."""

    def run(name, *arguments):
        command = commands.commands[name]
        with app.app_context():
            invoke = lambda: CliRunner().invoke(command, list(map(str, arguments)))  # noqa: E731
            return invoke() if work.is_in_steps(command.callback) else work.run(invoke)

    return run


@pytest.fixture
def refused(commit, run_worker, mailbox, messages):
    """A mail that the mail server refused."""
    mailbox.answers = {"RCPT": ["550 no such user"]}
    commit(post)
    run_worker()
    [message] = messages()
    return message


class TestList:
    def test_lists_by_status(self, mercato, commit, refused):
        """Newest first, as lines and as a document that its schema describes."""
        commit(post, "2")

        lines = mercato("list").output.splitlines()
        failed = mercato("list", "--status=failed", "--json").output

        assert [line.split()[2] for line in lines] == ["pending", "failed"]
        [one] = read_document(failed, "mercato_notifications")["messages"]
        assert (one["id"], one["status"]) == (str(refused.id), "failed")
        assert one["last_error"] == "the mail server answered 550 no such user"


class TestShow:
    def test_shows_values_without_secrets(self, mercato, app, mailbox, messages):
        """The values of a mail are shown, but those that are secret are not stored."""
        post_secret(app)
        [message] = messages()

        text = mercato("show", message.id).output
        shown = read_document(mercato("show", message.id, "--json").output, "mercato_notifications")

        assert 'status: "sent"' in text
        assert shown["message"]["message_id"] == message.message_id
        assert "number" not in shown["message"]["context"]

    def test_of_an_unknown_id(self, mercato, refused):
        """An id without a mail is an error."""
        for name in ("show", "resend"):
            result = mercato(name, refused.lease_id or "00000000-0000-7000-8000-000000000000")
            assert (result.exit_code, "there is no mail" in result.output) == (1, True)


class TestResend:
    def test_sends_again(self, mercato, refused, run_worker, mailbox, messages):
        """A mail that was refused is sent by the worker, with the same Message-ID."""
        said = mercato("resend", refused.id, "--json").output
        run_worker()

        assert read_document(said, "mercato_notifications")["id"] == str(refused.id)
        assert [one.status for one in messages()] == ["sent"]
        assert mailbox.mails[0]["Message-ID"] == f"<{refused.message_id}>"

    def test_of_one_that_was_sent_has_another_id(
        self, mercato, commit, run_worker, mailbox, messages
    ):
        """Mail servers drop a Message-ID that they have seen, so the second one has another."""
        commit(post)
        run_worker()

        said = mercato("resend", messages()[0].id).output
        run_worker()

        assert said.startswith("The worker sends ")
        assert len({mail["Message-ID"] for mail in mailbox.mails}) == 2

    def test_of_one_with_secrets_is_refused(self, mercato, app, mailbox, messages):
        """What was not stored cannot be sent again; the customer asks for another link."""
        post_secret(app)

        result = mercato("resend", messages()[0].id)

        assert (result.exit_code, len(mailbox.mails)) == (1, 1)
        assert "let the customer ask for another one" in result.output


class TestTest:
    def test_sends_a_mail_now(self, mercato, mailbox, messages):
        """A mail is sent without the worker, and is not recorded."""
        said = mercato("test", "you@bücher.example", "--json").output

        [mail] = mailbox.mails
        message_id = read_document(said, "mercato_notifications")["message_id"]
        assert (mail["To"], mail["Message-ID"]) == (
            "you@xn--bcher-kva.example",
            f"<{message_id}>",
        )
        assert messages() == []

    @pytest.mark.parametrize("answer", ["550 no", "451 later", "closed"])
    def test_says_why_it_was_not_sent(self, mercato, mailbox, answer):
        """What the mail server answered is printed, and the command fails."""
        mailbox.answers = {"DATA" if answer == "closed" else "RCPT": [answer]}

        result = mercato("test", "you@example.com")

        assert result.exit_code == 1
        assert "Error: the mail was not sent: the mail server" in result.output
