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
        """The export has the mails about the account, and those to its address."""
        commit(post_all)

        [part] = commit(lambda: list(PERSONAL_DATA.export(SUBJECT)))

        assert part.name == "mails"
        assert [(one["recipient"], one["status"]) for one in part.items] == [
            ("alice@example.com", "pending"),
            ("Alice@EXAMPLE.com", "pending"),
        ]

    def test_is_erased(self, commit, messages, run_worker, mailbox):
        """Mails that wait are deleted, too: nothing is mailed to an erased person."""
        commit(post_all)

        erased = commit(PERSONAL_DATA.erase, SUBJECT)
        run_worker()

        assert erased.counts == {"mails": 2}
        assert [one.recipient for one in messages()] == ["bob@example.com"]
        assert len(mailbox.mails) == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The folder of the mails."""
    return tmp_path_factory.mktemp("letters")


class TestFolder:
    @pytest.fixture
    def settings(self, folder):
        """Write mails to the folder."""
        for file in folder.iterdir():
            file.unlink()
        return {"mail": "folder", "mail_folder": str(folder)}

    def test_its_mails_are_erased(self, commit, run_worker, folder):
        """The files of mails to the person are deleted, in whatever spelling of the address."""
        commit(post_all)
        run_worker()

        commit(PERSONAL_DATA.erase, SUBJECT)

        [left] = folder.glob("*.eml")
        assert "To: bob@example.com" in left.read_text()
