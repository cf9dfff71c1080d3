import pytest

from mercato_kit.db import new_id
from mercato_users import privacy, services
from mercato_users.errors import LastAdministrator

from . import factories
from .factories import id_of


class TestExportSubject:
    def test_exports_all_data(self, alice, commit):
        """The export has the account, its addresses, sessions and trail, but no hashes."""
        address = {"name": "Alice", "line1": "Via Zamboni 33", "city": "Bologna", "country": "IT"}
        alice.post("/v1/users/me/addresses", json=address)

        exported = commit(privacy.export_subject, id_of(alice))

        assert exported["account"]["email"] == "alice@example.com"
        assert [one["line1"] for one in exported["addresses"]] == ["Via Zamboni 33"]
        assert len(exported["sessions"]) == len(exported["devices"]) == 1
        assert [event["type"] for event in exported["events"]] == ["logged_in"]
        assert "argon2" not in repr(exported)

    def test_exports_nothing_for_an_unknown_id(self, commit):
        """The export of an unknown id is empty."""
        assert commit(privacy.export_subject, new_id()) == {}


class TestEraseSubject:
    def test_erases_a_user(self, client, alice, commit, outbox):
        """No personal data stays, sessions end, and one event is published."""
        user_id = id_of(alice)
        address = {"name": "Alice", "line1": "Via Zamboni 33", "city": "Bologna", "country": "IT"}
        alice.post("/v1/users/me/addresses", json=address)

        commit(privacy.erase_subject, user_id)
        commit(privacy.erase_subject, user_id)

        left = commit(privacy.export_subject, user_id)
        assert "alice" not in repr(left).lower()
        for part in ("addresses", "devices", "sessions", "events"):
            assert left[part] == []
        assert alice.get("/v1/users/me").status_code == 401
        assert [event.aggregate_id for event in outbox("user.erased")] == [user_id]

    def test_frees_the_address(self, client, alice, commit, mails, token_in):
        """The address can be registered again."""
        commit(privacy.erase_subject, id_of(alice))

        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()
        client.post("/v1/users/verify-email", json={"token": token_in(mail)})

        factories.log_in(client)

    def test_keeps_the_last_administrator(self, alice, commit):
        """An erasure that would leave the shop without one is refused."""
        commit(services.grant_role, id_of(alice), "admin")

        with pytest.raises(LastAdministrator):
            commit(privacy.erase_subject, id_of(alice))

        assert alice.get("/v1/users/me").status_code == 200

    def test_keeps_other_users(self, alice, bob, commit):
        """Other accounts do not change."""
        commit(privacy.erase_subject, id_of(alice))

        assert bob.get("/v1/users/me").status_code == 200
