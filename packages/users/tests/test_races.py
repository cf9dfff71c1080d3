"""What two callers do at the same time: fifty rounds each, on both databases."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import combinations_with_replacement, cycle, islice

import pytest
import sqlalchemy as sa

from mercato_kit.db import engine, new_id, session, utc_now
from mercato_kit.errors import Problem
from mercato_kit.principals import GUEST, Principal
from mercato_users import one_time_tokens, services
from mercato_users.clients import UNKNOWN
from mercato_users.errors import LastAdministrator
from mercato_users.models import Address, Role, Session, StoredSigningKey, User, UserRole
from mercato_users.services import login_limits
from mercato_users.services.accounts import Registration
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
    "take roles": lambda user_id: _edit(user_id, {"roles": []}),
    "edit status": lambda user_id: _edit(user_id, {"status": "suspended"}),
    "suspend": lambda user_id: services.suspend_user(user_id, reason=None, actor_id=None),
    "close": lambda user_id: services.close_account(user_id, reason=None, actor_id=None),
    "erase": services.erase_user,
}
PAIRS = list(islice(cycle(combinations_with_replacement(WAYS, 2)), len(ROUNDS)))


def _edit(user_id, changes):
    services.update_user(user_id, changes, versions=range(100), actor_id=None)


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


@pytest.fixture
def log_in(commit):
    """A function that returns the login of a user: its password was verified, nothing is written.

    It is verified once, for another account with the same password, since that takes long.
    """
    sent = Credentials(email=commit(factories.make_user).email, password=factories.PASSWORD)
    verified = commit(services.verify_login, sent)

    def login_of(user):
        return partial(
            services.log_in,
            replace(
                verified,
                account=replace(verified.account, id=user.id),
                counters=login_limits.of_strangers(user.email, UNKNOWN),
                id=new_id(),
            ),
        )

    return login_of


@pytest.fixture
def reset_begins(app):
    """An event: a reset has hashed its password, and is about to use its link."""
    begins = threading.Event()

    def see(connection, cursor, statement, *more):
        if statement.startswith("UPDATE users_one_time_token"):
            begins.set()

    with app.app_context():
        connections = engine()
    sa.event.listen(connections, "before_cursor_execute", see)
    yield begins
    sa.event.remove(connections, "before_cursor_execute", see)


def after(event, call):
    """Return a call that waits for an event."""
    return lambda: event.wait(10) and call()


class TestChangePassword:
    def test_against_a_reset_and_a_login(self, commit, at_once, log_in, reset_begins):
        """One of both changes wins, each some times, and no session of the old password is open."""
        winners = set()
        for round_ in ROUNDS:
            user = commit(factories.make_user)
            asking = commit(factories.open_sessions, user.id, 1)
            caller = Principal(sub=user.id, kind="user", email=user.email, session_id=asking)
            proof = services.Proof(factories.PASSWORD_HASH)
            new = services.NewPassword(proof, factories.PASSWORD_HASH + "x")
            purpose = one_time_tokens.RESET_PASSWORD
            token = commit(one_time_tokens.store, user.id, purpose, new_id(), {})
            reset_begins.clear()
            changes = [partial(services.change_password, caller, new), log_in(user)]
            if round_ % 2:
                # The hash of a reset takes long: without it, the others are always first.
                changes = [after(reset_begins, call) for call in changes]

            reset, changed, _ = at_once(
                partial(services.reset_password, token, NEW_PASSWORD), *changes
            )

            winners.add((changed, reset))
            kept = {asking} if changed is None else set()
            assert commit(_open_sessions, user.id) == kept, round_
        assert winners == {(None, "token_expired"), ("invalid_credentials", None)}


class TestCloseAccount:
    def test_against_a_login(self, commit, at_once, log_in):
        """No session of a closing account is open, in either order of commits."""
        for round_ in ROUNDS:
            user = commit(factories.make_user)

            closed, _ = at_once(
                partial(services.close_account, user.id, reason=None, actor_id=None), log_in(user)
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
                partial(services.register, _registration(address)),
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
        defaults = sa.select(sa.func.count()).where(Address.is_default_shipping)

        for _ in ROUNDS:
            refused = at_once(*[partial(services.create_address, user_id, default)] * 2)

            assert refused == [None, None]
            assert commit(lambda: session.scalar(defaults)) == 1
            commit(lambda: session.execute(sa.delete(Address)))


class TestRotateKeys:
    def test_leaves_one_key_that_stays(self, commit, at_once):
        """Of four rotations at once, one key stays; the others go, the first one, too."""
        for round_ in ROUNDS:
            refused = at_once(*[services.rotate_keys] * 4)

            assert refused == [None] * 4
            going = commit(_ends_of_keys)
            assert (len(going), going.count(None)) == (5, 1), round_
            commit(lambda: session.execute(sa.delete(StoredSigningKey)))


def _ends_of_keys():
    return session.scalars(sa.select(StoredSigningKey.gone_at)).all()


def _registration(address):
    """Return a registration whose password was hashed."""
    return Registration(address, {"email": address, "password_hash": factories.PASSWORD_HASH})


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
