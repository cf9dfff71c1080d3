import pytest

from mercato_kit.db import new_id
from mercato_kit.privacy import Subject
from mercato_notifications.privacy import PERSONAL_DATA

from .posting import post

ALICE = new_id()


def post_all():
    """Post two mails to alice, one of them as a guest in another spelling, and one to bob."""
    post("1", subject=ALICE)
    post("2", to="Alice@EXAMPLE.com")
    post("3", to="bob@example.com", subject=new_id())


SUBJECT = Subject(account=ALICE, emails=("alice@example.com",), refs={})


class TestPersonalData:
    def test_is_exported(self, commit):
        """The export has the mails to the address of the account, also those to a guest."""
        commit(post_all)

        [part] = commit(lambda: list(PERSONAL_DATA.export(SUBJECT)))

        assert part.name == "mails"
        assert [(one["recipient"], one["status"]) for one in part.items] == [
            ("alice@example.com", "pending"),
            ("Alice@EXAMPLE.com", "pending"),
        ]

    def test_does_not_reveal_an_account(self, commit):
        """A mail about the account to an address that is not proved is not exported."""
        commit(post, "1", to="bob@example.com", subject=ALICE)

        [part] = commit(lambda: list(PERSONAL_DATA.export(SUBJECT)))

        assert part.items == []

    def test_is_erased(self, commit, messages, run_worker, mailbox):
        """Mails that wait are deleted, too: nothing is mailed to an erased person."""
        commit(post_all)

        erased = commit(PERSONAL_DATA.erase, SUBJECT)
        run_worker()

        assert erased.counts == {"mails": 2}
        assert [one.recipient for one in messages()] == ["bob@example.com"]
        assert len(mailbox.mails) == 1


class TestFolder:
    @pytest.fixture
    def settings(self, tmp_path):
        """Mails are files."""
        return {"mail": "folder", "mail_folder": str(tmp_path)}

    def test_is_erased_with_its_files(self, commit, run_worker, tmp_path):
        """The files of mails to a person go with their rows; those to others stay."""
        commit(post_all)
        run_worker()
        before = len(list(tmp_path.iterdir()))

        commit(PERSONAL_DATA.erase, SUBJECT)

        (left,) = tmp_path.iterdir()
        assert before == 3
        assert b"bob@example.com" in left.read_bytes()
