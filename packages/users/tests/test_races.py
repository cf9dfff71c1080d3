"""What two callers do at the same time: fifty rounds each, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import combinations_with_replacement, cycle, islice

import pytest
import sqlalchemy as sa

from mercato_kit.db import new_id, session, utc_now
from mercato_kit.errors import Problem
from mercato_kit.principals import GUEST, Principal
from mercato_users import one_time_tokens, services
from mercato_users.errors import LastAdministrator
from mercato_users.models import Address, Role, Session, User, UserRole
from mercato_users.values import Credentials

from . import factories

ROUNDS = range(50)
NEW_PASSWORD = "an entirely new one"


@pytest.fixture
def at_once(commit):
    """A function that runs calls at once, each in a transaction, and returns what each refused."""

    def run(*calls):
        def attempt(call):
            try:
                commit(call)
            except Problem as refusal:
                return refusal.code
            return None

        with ThreadPoolExecutor(len(calls)) as threads:
            return list(threads.map(attempt, calls))

    return run


WAYS = {
    "revoke": lambda user_id: services.revoke_role(user_id, "admin"),
    "suspend": lambda user_id: services.suspend_user(user_id, reason=None, actor_id=None),
    "close": lambda user_id: services.close_account(user_id, reason=None, actor_id=None),
    "erase": services.erase_user,
}
PAIRS = list(islice(cycle(combinations_with_replacement(WAYS, 2)), len(ROUNDS)))


class TestLastAdministrator:
    def test_one_of_two_stays(self, commit, at_once):
        """Two administrators who remove each other at once, by any way: one of them is refused."""
        for ways in PAIRS:
            both = commit(_two_administrators)

            refused = at_once(
                *(partial(WAYS[way], one) for way, one in zip(ways, both, strict=True))
            )

            assert sorted(refused, key=str) == [None, LastAdministrator.code], ways
            assert commit(_count_administrators) == 1


class TestGrant:
    def test_makes_staff_whatever_comes_first(self, commit, at_once):
        """A role gets its first permission while it is given: the session is short in any case."""
        user_id = commit(factories.make_user).id
        for round_ in ROUNDS:
            name = f"role {round_}"
            role_id = commit(factories.make_role, name, [])
            commit(_replace_sessions, user_id)

            refused = at_once(
                partial(services.grant_role, user_id, name),
                partial(services.update_role, role_id, {"permissions": ["users.read"]}),
            )

            assert refused == [None, None]
            login = commit(lambda: session.scalars(sa.select(Session)).one())
            assert (login.expires_at - utc_now()).days == 0, round_
            commit(factories.take_roles, user_id)

    def test_of_a_role_that_is_deleted(self, commit, at_once):
        """Either an account has the role, or it is gone."""
        user_id = commit(factories.make_user).id
        for round_ in ROUNDS:
            name = f"role {round_}"
            role_id = commit(factories.make_role, name, ["users.read"])

            given, deleted = at_once(
                partial(services.grant_role, user_id, name),
                partial(services.delete_role, role_id),
            )

            assert (given, deleted) in [(None, "role_in_use"), ("validation_failed", None)]
            commit(factories.take_roles, user_id)


def verified(email):
    """Return a login whose password was verified, and whose transaction has not begun."""
    return services.verify_login(Credentials(email=email, password=factories.PASSWORD))


class TestChangePassword:
    def test_against_a_reset_and_a_login(self, commit, at_once):
        """One of both changes wins, and no session of the old password stays open."""
        for round_ in ROUNDS:
            user = commit(factories.make_user, f"user{round_}@example.com")
            asking = commit(factories.open_sessions, user.id, 1)
            caller = Principal(sub=user.id, kind="user", email=user.email, session_id=asking)
            proof = services.Proof(factories.PASSWORD_HASH)
            new = services.NewPassword(proof, factories.PASSWORD_HASH + "x")
            purpose = one_time_tokens.RESET_PASSWORD
            token = commit(one_time_tokens.store, user.id, purpose, new_id(), {})

            changed, reset, _ = at_once(
                partial(services.change_password, caller, new),
                partial(services.reset_password, token, NEW_PASSWORD),
                partial(services.log_in, commit(verified, user.email)),
            )

            assert (changed, reset) in [(None, "token_expired"), ("invalid_credentials", None)]
            kept = {asking} if changed is None else set()
            assert commit(_open_sessions, user.id) == kept, round_


class TestCloseAccount:
    def test_against_a_login(self, commit, at_once):
        """No session of a closing account is open, in either order of commits."""
        for round_ in ROUNDS:
            user = commit(factories.make_user, f"closing{round_}@example.com")

            closed, _ = at_once(
                partial(services.close_account, user.id, reason=None, actor_id=None),
                partial(services.log_in, commit(verified, user.email)),
            )

            assert closed is None
            assert commit(_open_sessions, user.id) == set(), round_


class TestConfirmEmail:
    def test_against_a_registration(self, commit, at_once):
        """The unique key decides who has the address; the link of the loser stays valid."""
        user = commit(factories.make_user, "alice@example.com")
        for round_ in ROUNDS:
            address = f"new{round_}@example.com"
            token = commit(_email_link, user.id, address)

            confirmed, _ = at_once(
                partial(services.confirm_email, token),
                partial(factories.make_user, address, email_verified_at=None),
            )
            if confirmed is not None:
                assert confirmed == "token_expired"
                commit(services.confirm_email, token)

            owner = sa.select(User.id).where(User.email_canonical == address)
            assert commit(lambda owner=owner: session.scalars(owner).all()) == [user.id]


class TestInvitation:
    def test_is_accepted_once(self, commit, at_once):
        """Of ten who use a link at once, one gets the account, with its role."""
        inviter = commit(_administrator)
        for round_ in ROUNDS:
            role_id = commit(factories.make_role, f"role {round_}", ["users.read"])
            address = f"new{round_}@example.com"
            token = commit(factories.make_invitation, inviter, address, role_id)

            refused = at_once(
                *[partial(services.accept_invitation, token, factories.PASSWORD_HASH, GUEST)] * 10
            )

            assert sorted(refused, key=str) == [None, *["token_expired"] * 9]
            roles = sa.select(UserRole.role_id).join(User).where(User.email == address)
            assert commit(lambda roles=roles: session.scalars(roles).all()) == [role_id]


class TestAddresses:
    def test_have_one_default(self, commit, at_once):
        """Of two new defaults at once, both are added and the later one is the default."""
        user_id = commit(factories.make_user).id
        values = {"name": "A", "line1": "1", "city": "B", "country": "IT"}
        default = {**values, "is_default_shipping": True}

        for _ in range(10):
            refused = at_once(*[partial(services.create_address, user_id, default)] * 2)

            assert refused == [None, None]
        defaults = sa.select(sa.func.count()).where(Address.is_default_shipping)
        assert commit(lambda: session.scalar(defaults)) == 1


def _two_administrators():
    session.execute(sa.delete(UserRole))
    both = [factories.make_user().id for _ in range(2)]
    for one in both:
        services.grant_role(one, "admin")
    return both


def _administrator():
    user_id = factories.make_user().id
    services.grant_role(user_id, "admin")
    return user_id


def _count_administrators():
    active = sa.select(User.id).join(UserRole).join(Role).where(Role.is_system)
    return len(session.scalars(active.where(User.status == "active")).all())


def _replace_sessions(user_id):
    session.execute(sa.delete(Session))
    factories.open_sessions(user_id, 1)


def _open_sessions(user_id):
    of_user = sa.select(Session.id).where(Session.user_id == user_id, Session.revoked_at.is_(None))
    return set(session.scalars(of_user))


def _email_link(user_id, address):
    old = session.get_one(User, user_id).email_canonical
    data = {"email": address, "old": old, "session": str(new_id())}
    return one_time_tokens.store(user_id, one_time_tokens.CHANGE_EMAIL, new_id(), data)
