import os
import socket

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from mercato_users.mail import Mail, render

from mercato_kit.db import new_id, session, utc_now
from mercato_kit.models import InboxDelivery

from . import factories


def ask_for_mail(client):
    """Request a mail to alice."""
    client.post("/v1/users", json=factories.registration())


class TestRender:
    def test_has_all_headers(self):
        """The message has the standard headers; its id is that of the event."""
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
        """A line break in a header is refused, so that no recipient can be injected."""
        members = {"to": "a@example.com", "subject": "Hi", "text": "Hello", member: value}

        with pytest.raises(ValueError, match=r"U\+000A|linefeed|newline"):
            render(Mail(id=new_id(), sent_at=utc_now(), **members), "shop@example.com")

    def test_repeated_mails_have_one_message_id(self):
        """A mail that is sent twice has the same Message-ID."""
        mail = Mail(id=new_id(), sent_at=utc_now(), to="a@example.com", subject="Hi", text="Hello")

        first, second = (render(mail, "shop@example.com") for _ in range(2))

        assert first["Message-ID"] == second["Message-ID"]


class TestConsole:
    @pytest.fixture
    def settings(self):
        """Print mail to the console, the default."""
        return {}

    def test_prints_the_mail(self, client, run_worker, capsys):
        """The worker prints the mail with its link."""
        ask_for_mail(client)

        run_worker()

        printed = capsys.readouterr().out
        assert "To: alice@example.com" in printed
        assert "http://127.0.0.1:5000/verify-email?token=" in printed


class TestFolder:
    @pytest.fixture
    def settings(self, tmp_path):
        """Write mail to a folder that does not exist yet."""
        return {"mail": "folder", "mail_folder": str(tmp_path / "mails")}

    def test_is_for_its_owner(self, client, run_worker, tmp_path):
        """Mails log people in: the folder has the mode 0700 and each file 0600."""
        ask_for_mail(client)
        before = os.umask(0)
        try:
            run_worker()
        finally:
            os.umask(before)

        [file] = (tmp_path / "mails").iterdir()
        modes = [path.stat().st_mode & 0o777 for path in (file.parent, file)]
        assert modes == [0o700, 0o600]


class TestServer:
    @pytest.fixture
    def port(self):
        """A free port for the mail server."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    @pytest.fixture
    def settings(self, port):
        """Send mail to the server."""
        return {"mail": "smtp", "smtp_host": "127.0.0.1", "smtp_port": port}

    @pytest.fixture
    def offers_smtputf8(self):
        """Whether the server takes addresses that are not in ASCII."""
        return True

    @pytest.fixture
    def received(self, port, offers_smtputf8):
        """A running SMTP server, and the mails it received."""
        kept = []

        class Keeper(MessageHandler):
            def handle_message(self, message):
                kept.append(message)

        controller = Controller(
            Keeper(), hostname="127.0.0.1", port=port, enable_SMTPUTF8=offers_smtputf8
        )
        controller.start()
        yield kept
        controller.stop()

    def test_sends_the_mail(self, client, run_worker, received):
        """The server receives the mail with its envelope."""
        ask_for_mail(client)

        run_worker()

        (message,) = received
        assert message["X-RcptTo"] == "alice@example.com"
        assert message["X-MailFrom"] == "shop@localhost"
        assert "/verify-email?token=" in message.get_payload()

    def test_retries_if_the_server_is_unavailable(self, client, run_worker):
        """Registration succeeds; the worker logs the failure and retries later."""
        answer = client.post("/v1/users", json=factories.registration())

        tally = run_worker()

        assert answer.status_code == 202
        assert tally.failed == 1

    def test_sends_to_an_address_of_other_letters(self, client, run_worker, received):
        """A server with SMTPUTF8 gets the part before the @ as written, and the A-label behind."""
        client.post("/v1/users", json=factories.registration(email="zoë.li@bücher.example"))

        tally = run_worker()

        (message,) = received
        assert (tally.failed, message["X-RcptTo"]) == (0, "zoë.li@xn--bcher-kva.example")
        del message["X-RcptTo"]
        assert "To: zoë.li@xn--bcher-kva.example".encode() in message.as_bytes()

    @pytest.mark.parametrize("offers_smtputf8", [False])
    def test_keeps_what_the_server_cannot_send(self, client, commit, run_worker, received, caplog):
        """Without SMTPUTF8 the mail waits with its reason; mails to other addresses are sent."""
        client.post("/v1/users", json=factories.registration(email="zoë.li@bücher.example"))
        client.post("/v1/users", json=factories.registration(email="ann@bücher.example"))

        tally = run_worker()

        waiting = sa.select(InboxDelivery.last_error).where(InboxDelivery.processed_at.is_(None))
        (reason,) = commit(lambda: session.scalars(waiting).all())
        assert (tally.delivered, tally.failed > 0) == (1, True)
        assert reason.startswith("SMTPNotSupportedError: the mail server does not offer SMTPUTF8")
        assert [message["X-RcptTo"] for message in received] == ["ann@xn--bcher-kva.example"]
        assert "the mail server does not offer SMTPUTF8" in caplog.text
        assert "zoë" not in caplog.text
