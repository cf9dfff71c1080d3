import socket

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler

from mercato_kit.db import new_id
from mercato_kit.db import utc_now
from mercato_users.mail import Mail
from mercato_users.mail import render

from . import factories


def ask_for_mail(client):
    """Cause one mail to alice."""
    client.post("/v1/users", json=factories.registration())


class TestRender:
    def test_names_sender_reader_and_cause(self):
        """The headers a mail server wants are there; the id is that of the event."""
        mail = Mail(id=new_id(), sent_at=utc_now(), to="a@example.com", subject="Hi", text="Hello")

        message = render(mail, "Shop <shop@example.com>")

        assert message["From"] == "Shop <shop@example.com>"
        assert message["To"] == "a@example.com"
        assert message["Message-ID"] == f"<{mail.id}@mercato>"
        assert message["Auto-Submitted"] == "auto-generated"
        assert message["Date"]

    @pytest.mark.parametrize(
        ("member", "value"),
        [("to", "a@example.com\r\nBcc: b@example.com"), ("subject", "Hi\nBcc: b@example.com")],
    )
    def test_refuses_line_breaks_in_headers(self, member, value):
        """Nobody can add a recipient."""
        members = {"to": "a@example.com", "subject": "Hi", "text": "Hello", member: value}

        with pytest.raises(ValueError, match=r"CR or LF|linefeed|newline"):
            render(Mail(id=new_id(), sent_at=utc_now(), **members), "shop@example.com")

    def test_is_the_same_mail_when_sent_again(self):
        """A mail that is delivered twice has one Message-ID, so readers see one."""
        mail = Mail(id=new_id(), sent_at=utc_now(), to="a@example.com", subject="Hi", text="Hello")

        first, second = (render(mail, "shop@example.com") for _ in range(2))

        assert first["Message-ID"] == second["Message-ID"]


class TestConsole:
    @pytest.fixture
    def settings(self):
        """What a fresh shop does: mail is printed."""
        return {}

    def test_prints_the_mail(self, client, run_worker, capsys):
        """A developer finds the link in the worker's output."""
        ask_for_mail(client)

        run_worker()

        printed = capsys.readouterr().out
        assert "To: alice@example.com" in printed
        assert "http://127.0.0.1:5000/verify-email?token=" in printed


class TestServer:
    @pytest.fixture
    def port(self):
        """A free port for the mail server."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    @pytest.fixture
    def settings(self, port):
        """Mail goes to the server."""
        return {"mail": "smtp", "smtp_host": "127.0.0.1", "smtp_port": port}

    @pytest.fixture
    def received(self, port):
        """A real mail server, and what it received."""
        kept = []

        class Keeper(MessageHandler):
            def handle_message(self, message):
                kept.append(message)

        controller = Controller(Keeper(), hostname="127.0.0.1", port=port)
        controller.start()
        yield kept
        controller.stop()

    def test_hands_the_mail_over(self, client, run_worker, received):
        """The server gets the mail with its envelope."""
        ask_for_mail(client)

        run_worker()

        (message,) = received
        assert message["X-RcptTo"] == "alice@example.com"
        assert message["X-MailFrom"] == "shop@localhost"
        assert "/verify-email?token=" in message.get_payload()

    def test_waits_while_the_server_is_away(self, client, run_worker):
        """Registration answers all the same; the worker notes the failure and will try again."""
        answer = client.post("/v1/users", json=factories.registration())

        tally = run_worker()

        assert answer.status_code == 202
        assert tally.failed == 1
