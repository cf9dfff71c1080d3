import os
from types import SimpleNamespace

import pytest

from mercato_contracts.mailer import Mail, Rejected, Unavailable, Uncertain
from mercato_kit.db import utc_now
from mercato_kit.settings import read
from mercato_notifications.mailers.console import print_mail
from mercato_notifications.mailers.folder import write_mail
from mercato_notifications.mailers.smtp import send_mail
from mercato_notifications.settings import NotificationsSettings

from .certificates import context_of, write_certificate
from .mail_server import CLOSED, SILENT, MailServer

LINE = ".\r\n..two dots\n"


def mail_to(address="alice@example.com"):
    """Return a mail with lines that begin with a dot."""
    text = f"Hello\n{LINE}"
    return Mail("1@b.cd", utc_now(), address, None, "Hi", text, f"<pre>{LINE}</pre>\n")


def settings_of(**values):
    """Return settings of the feature."""
    settings, mistakes = read(NotificationsSettings, values)
    assert mistakes == []
    return settings


class TestConsole:
    def test_prints_the_mail(self, capsys):
        """Recipient, subject and text are printed."""
        print_mail(mail_to(), settings_of())

        printed = capsys.readouterr().out
        assert "To: alice@example.com\nSubject: Hi\n\nHello" in printed


class TestFolder:
    def test_is_for_its_owner(self, tmp_path):
        """Mails log people in: the folder has the mode 0700 and each file 0600."""
        folder, before = tmp_path / "mails", os.umask(0)
        try:
            write_mail(mail_to(), settings_of(mail_folder=str(folder)))
        finally:
            os.umask(before)

        [file] = folder.iterdir()
        modes = [path.stat().st_mode & 0o777 for path in (folder, file)]
        assert (modes, file.name) == ([0o700, 0o600], "1.eml")

    def test_that_cannot_be_written_to_is_away(self, tmp_path):
        """A mail waits for a folder that is a file."""
        (tmp_path / "mails").write_text("")

        with pytest.raises(Unavailable, match="cannot be written to"):
            write_mail(mail_to(), settings_of(mail_folder=str(tmp_path / "mails")))


@pytest.fixture
def server(_server, mailbox, settings):
    """The mail server, its mailbox, and a function that sends a mail to it."""

    def send(address="alice@example.com", **changed):
        send_mail(mail_to(address), settings_of(**{**settings, **changed}))

    return SimpleNamespace(mailbox=mailbox, send=send)


class TestServer:
    def test_sends_envelope_and_contents(self, server):
        """The server gets sender and recipient, and lines that begin with a dot as they are."""
        server.send()

        [mail] = server.mailbox.mails
        assert (mail["X-RcptTo"], mail["X-MailFrom"]) == ("alice@example.com", "shop@localhost")
        [text, _] = [part.get_content() for part in mail.iter_parts()]
        assert text.splitlines() == ["Hello", ".", "..two dots"]

    def test_sends_to_an_address_of_other_letters(self, server):
        """A server with SMTPUTF8 gets the part before the @ as written, and the A-label behind."""
        server.send("zoë.li@bücher.example")

        [mail] = server.mailbox.mails
        assert mail["X-RcptTo"] == mail["To"] == "zoë.li@xn--bcher-kva.example"

    def test_keeps_what_the_server_cannot_send(self, settings):
        """Without SMTPUTF8 the mail waits with its reason; mails to other addresses are sent."""
        with MailServer(enable_SMTPUTF8=False) as plain:
            own = settings_of(**{**settings, "smtp_port": plain.port})
            send_mail(mail_to("ann@bücher.example"), own)
            with pytest.raises(Unavailable, match="does not offer SMTPUTF8"):
                send_mail(mail_to("zoë.li@bücher.example"), own)

            assert len(plain.mailbox.mails) == 1

    @pytest.mark.parametrize(
        ("verb", "answer", "error"),
        [
            ("MAIL", "451 busy", Unavailable),
            ("MAIL", "550 unknown sender", Unavailable),
            ("MAIL", CLOSED, Unavailable),
            ("RCPT", "450 greylisted", Unavailable),
            ("RCPT", "550 no such user", Rejected),
            ("RCPT", CLOSED, Unavailable),
            ("DATA", "452 full", Unavailable),
            ("DATA", "554 spam", Rejected),
            ("DATA", CLOSED, Uncertain),
        ],
    )
    def test_says_what_became_of_a_mail(self, server, verb, answer, error):
        """A refusal for good is final, what follows the content is uncertain, the rest waits."""
        server.mailbox.answers = {verb: [answer]}

        with pytest.raises(error):
            server.send()

    @pytest.mark.parametrize(("verb", "error"), [("RCPT", Unavailable), ("DATA", Uncertain)])
    def test_waits_for_an_answer_until_the_timeout(self, server, verb, error):
        """A server that keeps the connection open and says nothing is left."""
        server.mailbox.answers = {verb: [SILENT]}

        with pytest.raises(error):
            server.send(smtp_timeout_seconds=2)

    def test_that_is_not_there_is_away(self, server):
        """After a refused connection or login, the mail is sent later."""
        with pytest.raises(Unavailable, match="cannot be used: ConnectionRefusedError"):
            server.send(smtp_port=1)
        with pytest.raises(Unavailable):
            server.send(smtp_username="shop", smtp_password="pw")

    def test_does_not_fall_back_to_clear_text(self, server):
        """A server without STARTTLS gets no mail."""
        with pytest.raises(Unavailable, match="STARTTLS"):
            server.send(smtp_security="starttls")

        assert server.mailbox.mails == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """The file of a certificate of localhost."""
    return write_certificate(tmp_path_factory.mktemp("tls"))


class TestEncrypted:
    @pytest.mark.parametrize("way", ["starttls", "tls"])
    def test_sends_to_a_server_that_is_proven(self, certificate, monkeypatch, settings, way):
        """With STARTTLS and with TLS from the start, the certificate has to be one of the host."""
        context = context_of(certificate)
        options = {"ssl_context": context} if way == "tls" else {"tls_context": context}
        with MailServer(**options) as server:
            own = settings_of(**{**settings, "smtp_port": server.port, "smtp_security": way})
            with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
                send_mail(mail_to(), own)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            send_mail(mail_to(), own)

            assert len(server.mailbox.mails) == 1
