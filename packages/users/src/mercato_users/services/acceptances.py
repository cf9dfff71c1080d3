"""Invitations are accepted: the address is verified, and the account gets its roles."""

from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import insert, new_id, session, utc_now
from mercato_kit.errors import Forbidden, NotForKeys, invalid
from mercato_kit.principals import Principal
from mercato_kit.reads import Read
from mercato_users import opaque_tokens, passwords, topics
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import AccountExists, TokenExpired, UnknownRole
from mercato_users.models import Invitation, InvitationRole, Role, User
from mercato_users.permissions import WRITE
from mercato_users.services import audit, role_changes, standing
from mercato_users.services.invitations import LIVE

_ADDRESS = Read(
    sa.select(Invitation.email).where(
        Invitation.token_hash == sa.bindparam("token_hash"),
        Invitation.expires_at > sa.bindparam("now"),
        LIVE,
    )
)


class _Claimed(NamedTuple):
    """An invitation that this request accepts."""

    id: UUID
    email: str
    email_canonical: str
    invited_by: UUID


def prepare_acceptance(token: str, password: str | None) -> str | None:
    """Return the hash of the password of a new account, in no transaction, since it takes long.

    Raises:
        TokenExpired: The link is unknown, used, void or expired.
        WeakPassword: The password is not acceptable; the link stays valid.
    """
    rows = _ADDRESS.rows(token_hash=opaque_tokens.digest(token), now=utc_now())
    if not rows:
        raise TokenExpired
    if password is None:
        return None
    passwords.check(password, rows[0][0])
    return passwords.hash_password(password)


def accept_invitation(
    token: str, password_hash: str | None, caller: Principal, client: Client = UNKNOWN
) -> None:
    """Accept an invitation, for its very address.

    A guest gets an account with the password; the owner of an account is signed in to it. The link
    proves the address, so an account that a stranger registered with it is taken over. The roles
    are given if the inviter may give them now.

    Args:
        token: The token of the mailed link.
        password_hash: The hash of the password of a new account; None if none was sent.
        caller: Who accepts it.
        client: Where it was accepted.

    Raises:
        TokenExpired: The link is unknown, used, void or expired, the account is not active, or the
            inviter may not give the roles any more.
        AccountExists: A guest has an account with this address.
        Forbidden: The caller has another address.
        NotForKeys: The caller is a program.
        Invalid: A new account needs a password.
    """
    if caller.kind == "service":
        raise NotForKeys
    claimed = _claim(token)
    names = _role_names(claimed.id)
    # Rows of roles are locked before that of the user.
    role_changes.lock_roles(names)
    user_id = _account_of(claimed, caller) or _create(claimed, password_hash, caller)
    _give(user_id, names, claimed.invited_by)
    data = {"invitation": str(claimed.id)}
    audit.record(user_id, "invitation_accepted", client=client, actor_id=user_id, data=data)


def _claim(token: str) -> _Claimed:
    """Mark an invitation as accepted. If two callers use its token, only one succeeds."""
    row = session.execute(
        sa.update(Invitation)
        .where(
            Invitation.token_hash == opaque_tokens.digest(token),
            Invitation.expires_at > utc_now(),
            LIVE,
        )
        .values(accepted_at=utc_now())
        .returning(*(getattr(Invitation, name) for name in _Claimed._fields))
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        raise TokenExpired
    return _Claimed(*row)


def _role_names(invitation_id: UUID) -> list[str]:
    of_invitation = InvitationRole.invitation_id == invitation_id
    return list(session.scalars(sa.select(Role.name).join(InvitationRole).where(of_invitation)))


def _account_of(claimed: _Claimed, caller: Principal) -> UUID | None:
    """Return the verified account of an invited address, if the caller is signed in to it."""
    account = session.execute(
        sa.select(User.id, User.status).where(
            User.email_canonical == claimed.email_canonical, User.email_verified_at.is_not(None)
        )
    ).one_or_none()
    if account is None:
        return None
    if account.status != "active":
        raise TokenExpired
    if caller.kind == "guest":
        raise AccountExists
    if caller.sub != account.id:
        raise Forbidden("The invitation is for another address.")
    user_id: UUID = account.id
    return user_id


def _create(claimed: _Claimed, password_hash: str | None, caller: Principal) -> UUID:
    """Create the account of an address, or take over one that was never verified."""
    if caller.kind != "guest":
        raise Forbidden("The invitation is for another address.")
    if password_hash is None:
        raise invalid("/password", "required", "A new account needs a password.")
    now = utc_now()
    values = {"email": claimed.email, "password_hash": password_hash, "email_verified_at": now}
    row = session.execute(
        insert(User)
        .values(id=new_id(), email_canonical=claimed.email_canonical, **values)
        .on_conflict_do_update(
            index_elements=["email_canonical"],
            set_={
                **values,
                **dict.fromkeys(("given_name", "family_name", "phone_number", "locale")),
                "credential_epoch": User.credential_epoch + 1,
                "token_epoch": User.token_epoch + 1,
                "version": User.version + 1,
                "updated_at": now,
            },
            where=sa.and_(User.email_verified_at.is_(None), User.status == "active"),
        )
        .returning(User.id, User.version)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        raise AccountExists
    audit.record(row.id, "email_verified", actor_id=row.id)
    topics.publish_change(topics.VERIFIED, row.id, row.version)
    user_id: UUID = row.id
    return user_id


def _give(user_id: UUID, names: list[str], inviter_id: UUID) -> None:
    """Give an account the roles of an invitation, if its inviter may do so now."""
    inviter = standing.held_by([inviter_id])[inviter_id]
    is_active = sa.select(User.id).where(User.id == inviter_id, User.status == "active")
    may_invite = inviter.is_system or WRITE in inviter.permissions
    if not may_invite or session.scalar(is_active) is None:
        raise TokenExpired
    if not names:
        return
    try:
        role_changes.add_roles(user_id, names, actor_id=inviter_id)
    except (Forbidden, UnknownRole) as error:
        raise TokenExpired from error
