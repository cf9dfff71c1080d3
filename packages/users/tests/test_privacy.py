from mercato_kit.db import new_id
from mercato_users import privacy

from . import factories
from .factories import id_of


class TestExportSubject:
    def test_tells_everything_there_is(self, alice, commit):
        """Account, logins and events; no hash of anything."""
        told = commit(privacy.export_subject, id_of(alice))

        assert told["account"]["email"] == "alice@example.com"
        assert len(told["sessions"]) == 1
        assert [event["type"] for event in told["events"]] == ["logged_in"]
        assert "argon2" not in repr(told)

    def test_tells_nothing_about_nobody(self, commit):
        """An unknown id has no data."""
        assert commit(privacy.export_subject, new_id()) == {}


class TestEraseSubject:
    def test_forgets_a_person(self, client, alice, commit, outbox):
        """Nothing stays that says who it was; sessions end; others are told once."""
        user_id = id_of(alice)

        commit(privacy.erase_subject, user_id)
        commit(privacy.erase_subject, user_id)

        left = commit(privacy.export_subject, user_id)
        assert "alice" not in repr(left).lower()
        assert (left["sessions"], left["events"]) == ([], [])
        assert alice.get("/v1/users/me").status_code == 401
        assert [event.aggregate_id for event in outbox("user.erased")] == [user_id]

    def test_frees_the_address(self, client, alice, commit, mails, token_in):
        """The person may come back as a new one."""
        commit(privacy.erase_subject, id_of(alice))

        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()
        client.post("/v1/users/verify-email", json={"token": token_in(mail)})

        factories.log_in(client)

    def test_leaves_others_alone(self, alice, bob, commit):
        """Bob stays."""
        commit(privacy.erase_subject, id_of(alice))

        assert bob.get("/v1/users/me").status_code == 200
