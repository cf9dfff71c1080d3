import pytest

from mercato_composition.faults import DeploymentError
from mercato_contracts.mailer import Mailer
from mercato_notifications import checks
from mercato_testing.fakes import fake

from .posting import post

OTHER = fake(Mailer, name="postmark", send=lambda mail: None)


@pytest.fixture
def found(commit):
    """A function that returns what the checks of the doctor find."""
    return lambda: {one.name: commit(one.function) for one in checks.DOCTOR}


class TestDoctor:
    def test_finds_nothing_where_mails_are_sent(self, found, commit, run_worker, mailbox):
        """With a mail server that answers, and mails that were sent, all is well."""
        commit(post)
        run_worker()

        assert found() == {"mail_server": None, "mails_failed": None, "mails_waiting": None}

    def test_finds_mails(self, found, commit, run_worker, mailbox, later):
        """Mails that failed, and mails that wait for long, have a line with their command."""
        mailbox.answers = {"RCPT": ["550 no", "450 later"]}
        commit(post)
        commit(post, "2")
        run_worker()
        later(hours=2)

        assert found() == {
            "mail_server": None,
            "mails_failed": "1 mail was not sent: mercato notifications list --status failed",
            "mails_waiting": "1 mail waits for more than an hour: "
            "mercato notifications list --status pending",
        }
        assert [commit(gauge.function) for gauge in checks.GAUGES] == [1, 1]


class TestMailServer:
    @pytest.fixture
    def settings(self):
        """A mail server that is not there."""
        return {"mail": "smtp", "smtp_host": "127.0.0.1", "smtp_port": 1}

    def test_that_is_not_there_is_found(self, found):
        """The doctor connects to the mail server."""
        assert "cannot be used: ConnectionRefusedError" in found()["mail_server"]


class TestLogin:
    @pytest.mark.provokes("K202")
    @pytest.mark.parametrize(
        ("given", "missing"),
        [({"smtp_username": "shop"}, "smtp_password"), ({"smtp_password": "pw"}, "smtp_username")],
    )
    def test_is_whole(self, staged, given, missing):
        """A name without a password, or a password without a name, would not be used."""
        with pytest.raises(DeploymentError, match=f"{missing} is not set"):
            staged(settings={"notifications": given})


class TestMailbox:
    @pytest.mark.provokes("K202")
    def test_needs_the_folder(self, staged):
        """Mails that are sent or printed are not in the mailbox."""
        with pytest.raises(DeploymentError, match='mail = "console"'):
            staged(settings={"notifications": {"mailbox": True}})


class TestOtherMailer:
    def test_takes_over(self, staged, commit, mailbox):
        """A mailer of another feature sends, where the file chooses it."""
        capabilities = {"mailer": "postmark"}
        shop = staged(
            OTHER, capabilities=capabilities, settings={"notifications": {"mail": "other"}}
        )

        assert shop.commit(checks.check_mailer) is None

    @pytest.mark.provokes("K202")
    def test_has_to_be_chosen(self, staged):
        """`mail` and `[capabilities]` have to agree, or the app does not start."""
        with pytest.raises(Exception, match=r"\[capabilities\] mailer names no other feature"):
            staged(settings={"notifications": {"mail": "other"}})
        with pytest.raises(Exception, match=r"\[capabilities\] mailer names another feature"):
            staged(OTHER, capabilities={"mailer": "postmark"})
