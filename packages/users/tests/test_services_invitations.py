"""Invitations: they are sent, sent again, revoked and accepted."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from mercato_kit.db import session, utc_now
from mercato_users import jobs, services
from mercato_users.models import AuditEvent, Invitation, Role, User

from . import factories
from .factories import id_of

INVITATIONS, ACCEPT = "/v1/invitations", "/v1/invitations/accept"
NEW = {"email": "New@example.com", "roles": ["readers"]}
PASSWORD = "an entirely new one"


@pytest.fixture
def inviter(as_user, commit):
    """Staff who may invite to the role readers."""
    commit(factories.make_role, "readers", ["users.read"])
    return as_user(permissions=["users.read", "users.write"])


@pytest.fixture
def link(mails, token_in):
    """A function that returns the token of the newest mail to an address."""

    def read(address="New@example.com"):
        return token_in([mail for mail in mails() if mail["To"] == address][-1])

    return read


@pytest.fixture
def accept(client):
    """A function that accepts an invitation as a guest, or as another client."""

    def send(token, by=client, **members):
        return by.post(ACCEPT, json={"token": token, **members})

    return send


def invite(caller, key="0123456789abcdef", **members):
    """Invite, and return the answer."""
    return caller.post(INVITATIONS, json={**NEW, **members}, headers={"Idempotency-Key": key})


class TestInvite:
    def test_mails_a_link(self, inviter, mails, commit):
        """The answer has no token, and no account is made yet."""
        made = invite(inviter)

        assert made.status_code == 201, made.json
        assert (made.json["email"], made.json["roles"]) == ("New@example.com", ["readers"])
        assert made.json["accepted_at"] is None
        assert inviter.get(made.headers["Location"]).json == made.json
        (mail,) = mails()
        assert mail["To"] == "New@example.com"
        assert "/accept-invitation?token=" in mail.get_content()
        assert commit(_account, "new@example.com") is None

    def test_gives_no_role_that_the_inviter_could_not(self, inviter, commit):
        """The rule is that of giving a role."""
        commit(factories.make_role, "auditors", ["audit.read"])

        refused = [invite(inviter, roles=[name]) for name in ("auditors", "admin", "unknown")]

        assert [one.status_code for one in refused] == [403, 403, 422]

    def test_is_sent_once(self, inviter, mails, commit):
        """An address has one invitation, until it is accepted, revoked or expired."""
        first = invite(inviter)
        again = invite(inviter, "f" * 16, email="NEW@example.com")
        commit(_expire)
        later = invite(inviter, "e" * 16)

        assert [one.status_code for one in (first, again, later)] == [201, 409, 201]
        assert again.json["code"] == "already_invited"
        assert len(mails()) == 1

    def test_is_limited(self, inviter):
        """Five mails go to an address at once."""
        path = invite(inviter).headers["Location"]

        answers = [inviter.post(f"{path}/resend").status_code for _ in range(5)]

        assert answers == [200] * 4 + [429]

    def test_lists_them(self, inviter):
        """Newest first, without those that are revoked."""
        first, second = invite(inviter), invite(inviter, "f" * 16, email="two@example.com")
        inviter.delete(first.headers["Location"])

        listed = inviter.get(INVITATIONS).json["data"]

        assert [one["email"] for one in listed] == ["two@example.com"]
        assert inviter.get(first.headers["Location"]).status_code == 404
        assert second.json == listed[0]


class TestResend:
    def test_voids_the_former_link(self, inviter, link, accept):
        """Only the newest link works, for another 72 hours."""
        path = invite(inviter).headers["Location"]
        old = link()

        again = inviter.post(f"{path}/resend")

        new = link()
        assert (again.status_code, again.json["email"]) == (200, "New@example.com")
        assert accept(old, password=PASSWORD).status_code == 410
        assert accept(new, password=PASSWORD).status_code == 204

    def test_mails_one_link_if_the_worker_was_away(self, inviter, mails):
        """What was void before it was mailed is not mailed."""
        path = invite(inviter).headers["Location"]
        inviter.post(f"{path}/resend")

        assert len(mails()) == 1

    def test_needs_what_the_roles_hold(self, inviter, as_user):
        """Who resends takes the place of the inviter, so the same rule applies."""
        path = invite(inviter).headers["Location"]

        assert as_user(permissions=["users.write"]).post(f"{path}/resend").status_code == 403


class TestRevoke:
    def test_voids_the_link(self, inviter, link, accept):
        """The link is as one that never was."""
        path = invite(inviter).headers["Location"]
        token = link()

        assert inviter.delete(path).status_code == 204

        assert accept(token, password=PASSWORD).status_code == 410
        assert [inviter.delete(path).status_code, inviter.post(f"{path}/resend").status_code] == [
            404,
            404,
        ]

    def test_refuses_one_that_was_accepted(self, inviter, link, accept):
        """The account exists; its roles are taken, or it is suspended."""
        path = invite(inviter).headers["Location"]
        accept(link(), password=PASSWORD)

        refused = [inviter.delete(path), inviter.post(f"{path}/resend")]

        assert [one.json["code"] for one in refused] == ["invitation_accepted"] * 2


class TestAccept:
    def test_makes_an_account(self, client, inviter, link, accept):
        """It has the address, verified, the password and the roles."""
        path = invite(inviter).headers["Location"]
        token = link()

        accepted = accept(token, password=PASSWORD)

        assert accepted.status_code == 204, accepted.json
        user = factories.log_in(client, "new@example.com", PASSWORD)["user"]
        assert (user["email"], user["email_verified"]) == ("New@example.com", True)
        assert user["roles"] == ["readers"]
        assert inviter.get(path).json["accepted_at"] is not None
        assert accept(token, password=PASSWORD).status_code == 410

    def test_needs_a_password_for_a_new_account(self, inviter, link, accept):
        """The link stays valid after a refusal."""
        invite(inviter)
        token = link()

        refused = [accept(token), accept(token, password="password1234")]

        assert [one.status_code for one in refused] == [422, 422]
        assert {one.json["errors"][0]["pointer"] for one in refused} == {"/password"}
        assert accept(token, password=PASSWORD).status_code == 204

    def test_hashes_no_password_for_a_wrong_token(self, accept, hashes_of):
        """A stranger cannot keep the server busy."""
        assert hashes_of(lambda: accept("x", password=PASSWORD)) < 0.5

    def test_takes_over_what_was_never_verified(self, client, inviter, link, accept):
        """A stranger who registered the address knows neither the password nor a link."""
        client.post("/v1/users", json=factories.registration("new@example.com", given_name="Eve"))
        invite(inviter)

        accepted = accept(link(), password=PASSWORD)

        assert accepted.status_code == 204
        user = factories.log_in(client, "new@example.com", PASSWORD)["user"]
        assert (user["given_name"], user["roles"]) == (None, ["readers"])

    def test_of_an_account_needs_its_login(self, inviter, alice, bob, link, accept):
        """A guest has to sign in, another account is refused, and the own one gets the roles."""
        invite(inviter, email="alice@example.com")
        token = link("alice@example.com")

        guest, other = accept(token, password=PASSWORD), accept(token, by=bob)
        own = accept(token, by=alice)

        assert (guest.status_code, guest.json["code"]) == (409, "account_exists")
        assert (other.status_code, own.status_code) == (403, 204)
        assert alice.get("/v1/users/me").json["roles"] == ["readers"]

    def test_is_not_for_another_address(self, inviter, alice, link, accept):
        """Who is signed in does not get an account of an address besides."""
        invite(inviter)

        assert accept(link(), by=alice, password=PASSWORD).status_code == 403

    def test_is_not_for_keys(self, client, inviter, alice, link, accept, commit):
        """A program accepts no invitation of the person that it acts for."""
        invite(inviter, email="alice@example.com")
        text, _ = commit(factories.make_api_key, id_of(alice))
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"

        refused = accept(link("alice@example.com"))

        assert (refused.status_code, refused.json["code"]) == (403, "not_for_keys")

    @pytest.mark.parametrize(
        "how", ["lost", "suspended", "role grew", "expired", "invited suspended"]
    )
    def test_gives_what_the_inviter_may_give_then(self, inviter, link, accept, commit, client, how):
        """An old invitation of staff who may not give the roles any more is void."""
        invited = "new@example.com"
        if how == "invited suspended":
            commit(factories.make_user, invited, status="suspended")
        invite(inviter)
        token = link()
        commit(_change, how, id_of(inviter))

        refused = accept(token, password=PASSWORD)

        assert (refused.status_code, refused.json["code"]) == (410, "token_expired")
        account = commit(_account, invited)
        assert (account is None) is (how != "invited suspended")

    def test_leaves_out_a_role_that_was_deleted(self, client, inviter, link, accept, commit):
        """The other roles are given."""
        commit(factories.make_role, "writers", ["users.write"])
        invite(inviter, roles=["readers", "writers"])
        role = sa.select(Role.id).where(Role.name == "readers")
        commit(lambda: services.delete_role(session.scalars(role).one()))

        accept(link(), password=PASSWORD)

        assert factories.log_in(client, NEW["email"], PASSWORD)["user"]["roles"] == ["writers"]

    def test_is_audited(self, inviter, link, accept, commit):
        """Inviting, accepting and revoking are in the trail, without address and token."""
        path = invite(inviter).headers["Location"]
        token = link()
        accept(token, password=PASSWORD)
        other = invite(inviter, "f" * 16, email="two@example.com").headers["Location"]
        inviter.delete(other)

        trail = commit(_trail)

        whats = ["invited", "invitation_accepted", "invited", "invitation_revoked"]
        assert [one.type for one in trail] == whats
        assert trail[0].data["invitation"] == trail[1].data["invitation"] == path.split("/")[-1]
        assert "example.com" not in str([one.data for one in trail])


class TestForget:
    def test_deletes_them_a_month_after_their_end(self, inviter, commit):
        """One that can be accepted stays."""
        invite(inviter)
        kept = commit(jobs.forget_invitations)
        commit(_expire, timedelta(days=31))

        assert (kept, commit(jobs.forget_invitations)) == (0, 1)

    def test_erases_those_of_an_address(self, inviter, commit):
        """The address of a person who is erased is in no invitation."""
        invite(inviter)

        assert commit(services.delete_invitations, {"new@example.com"}) == 1
        assert commit(services.delete_invitations, set()) == 0
        assert inviter.get(INVITATIONS).json["data"] == []


def _account(canonical):
    return session.scalar(sa.select(User.status).where(User.email_canonical == canonical))


def _expire(ago=timedelta()):
    session.execute(sa.update(Invitation).values(expires_at=utc_now() - ago))


def _change(how, inviter_id):
    if how == "lost":
        factories.take_roles(inviter_id)
    elif how == "suspended":
        services.suspend_user(inviter_id, reason=None, actor_id=None)
    elif how == "role grew":
        role = services.find_role_by_name("readers")
        services.update_role(role.id, {"permissions": ["users.read", "audit.read"]})
    elif how == "expired":
        _expire()


def _trail():
    whats = ("invited", "invitation_accepted", "invitation_revoked")
    events = sa.select(AuditEvent).where(AuditEvent.type.in_(whats)).order_by(AuditEvent.id)
    return session.scalars(events).all()
