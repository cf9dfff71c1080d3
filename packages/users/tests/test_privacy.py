import pytest

from mercato_kit.db import new_id, session, utc_now
from mercato_kit.privacy import Subject
from mercato_testing.privacy import exported
from mercato_users import services
from mercato_users.errors import LastAdministrator
from mercato_users.models import Invitation
from mercato_users.privacy import PERSONAL_DATA, erase, find

from . import factories
from .factories import id_of


class TestExport:
    def test_exports_all_data(self, alice, commit):
        """The export has the account, its addresses, sessions and trail, but no hashes."""
        address = {"name": "Alice", "line1": "Via Zamboni 33", "city": "Bologna", "country": "IT"}
        alice.post("/v1/users/me/addresses", json=address)

        found = commit(exported, PERSONAL_DATA, Subject(id_of(alice)))

        assert found["account"][0]["email"] == "alice@example.com"
        assert [one["line1"] for one in found["addresses"]] == ["Via Zamboni 33"]
        assert len(found["sessions"]) == len(found["devices"]) == 1
        assert [event["type"] for event in found["events"]] == ["logged_in"]
        assert "argon2" not in repr(found)

    def test_exports_nothing_for_an_unknown_id(self, commit):
        """The export of an unknown id is empty."""
        assert commit(exported, PERSONAL_DATA, Subject(new_id())) == {}


class TestErase:
    def test_erases_a_user(self, client, alice, commit, outbox):
        """Of the account its id stays, of its trail what happened when; one event is published."""
        user_id = id_of(alice)
        address = {"name": "Alice", "line1": "Via Zamboni 33", "city": "Bologna", "country": "IT"}
        alice.post("/v1/users/me/addresses", json=address)

        commit(erase, Subject(user_id))
        commit(erase, Subject(user_id))

        left = commit(exported, PERSONAL_DATA, Subject(user_id))
        assert "alice" not in repr(left).lower()
        for part in ("addresses", "devices", "sessions"):
            assert left[part] == []
        assert [(one["type"], one["network"]) for one in left["events"]] == [("logged_in", None)]
        assert alice.get("/v1/users/me").status_code == 401
        assert [event.aggregate_id for event in outbox("user.erased")] == [user_id]

    def test_frees_the_address(self, client, alice, commit, mails, token_in):
        """The address can be registered again."""
        commit(erase, Subject(id_of(alice)))

        client.post("/v1/users", json=factories.registration())
        (mail,) = mails()
        client.post("/v1/users/verify-email", json={"token": token_in(mail)})

        factories.log_in(client)

    def test_keeps_the_last_administrator(self, alice, commit):
        """An erasure that would leave the shop without one is refused."""
        commit(services.grant_role, id_of(alice), "admin")

        with pytest.raises(LastAdministrator):
            commit(erase, Subject(id_of(alice)))

        assert alice.get("/v1/users/me").status_code == 200

    def test_erases_nothing_of_an_unknown_id(self, commit):
        """An id that no account has does not raise an error."""
        assert commit(erase, Subject(new_id())).ids == ()

    def test_erases_what_is_known_of_a_mailbox(self, alice, commit):
        """Registrations that were never verified go, and invitations; accounts stay."""
        commit(factories.make_user, "guest@example.com", email_verified_at=None)
        commit(_invite, "guest@example.com", id_of(alice))
        mailboxes = frozenset({"guest@example.com", "alice@example.com"})

        exported_of_it = commit(exported, PERSONAL_DATA, Subject(emails=mailboxes))
        erased = commit(erase, Subject(emails=mailboxes))

        assert [one["email"] for one in exported_of_it["invitations"]] == ["guest@example.com"]
        assert erased.counts == {"registrations": 1, "invitations": 1}
        assert alice.get("/v1/users/me").status_code == 200

    def test_keeps_other_users(self, alice, bob, commit):
        """Other accounts do not change."""
        commit(erase, Subject(id_of(alice)))

        assert bob.get("/v1/users/me").status_code == 200


def _invite(email, user_id):
    """Insert an invitation to an address."""
    now = utc_now()
    row = {"token_hash": "0" * 64, "invited_by": user_id, "created_at": now, "expires_at": now}
    session.add(Invitation(email=email, email_canonical=email, **row))


class TestFind:
    def test_finds_an_account_by_id_and_address(self, alice, commit):
        """Operators name a person by the id of the account or its address in any spelling."""
        named = [commit(find, text) for text in (str(id_of(alice)), "ALICE@example.com")]

        assert named == [Subject(id_of(alice), frozenset({"alice@example.com"}))] * 2
        assert commit(find, "nobody@example.com") is None

    def test_leaves_out_an_address_that_is_not_verified(self, commit):
        """An address that the account has not proved names nothing in other features."""
        user = commit(factories.make_user, email="new@example.com", email_verified_at=None)

        assert commit(find, str(user.id)) == Subject(user.id)
