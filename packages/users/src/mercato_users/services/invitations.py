"""Invitations: a person gets an account with roles, or roles for the account that it has."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import limits
from mercato_kit.db import found, insert, locked, new_id, refreshed, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.http import PageRequest
from mercato_kit.later import later
from mercato_kit.views import Shown
from mercato_users import opaque_tokens, topics
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import AlreadyInvited, InvitationAccepted
from mercato_users.models import Invitation, InvitationRole
from mercato_users.services import audit, mail_limits, role_changes
from mercato_users.views import INVITATIONS

PURPOSE = "invitation"

LIFETIME = timedelta(hours=72)

LIVE = sa.and_(Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))


class _Token(NamedTuple):
    """The token of a mailed link: the nonce that it is derived from, its hash and its end."""

    nonce: UUID
    columns: dict[str, Any]


def list_invitations(page: PageRequest) -> Shown:
    """Return a page of the invitations that are not revoked, by default newest first."""
    return INVITATIONS.page(page)


def find_invitation(invitation_id: UUID) -> Shown:
    """Return an invitation.

    Raises:
        NotFound: It does not exist, or was revoked.
    """
    return INVITATIONS.one(id=invitation_id)


def invite(
    email: str, roles: Collection[str], *, actor_id: UUID, client: Client = UNKNOWN
) -> Shown:
    """Invite the owner of an address to an account with roles. A link is mailed.

    Nothing of an account is stored before the invitation is accepted.

    Raises:
        UnknownRole: A role with one of the names does not exist.
        Forbidden: The actor lacks what a role holds.
        AlreadyInvited: The address has an invitation that can be accepted.
        TooManyRequests: Too many were mailed to the address.
    """
    names = sorted(set(roles))
    role_ids = role_changes.require_givable(names, actor_id)
    limits.require(mail_limits.by_address(PURPOSE, email))
    token = _new_token()
    row = {
        **token.columns,
        "id": new_id(),
        "email": email,
        "email_canonical": canonical_email(email),
        "invited_by": actor_id,
        "created_at": utc_now(),
    }
    if not _insert(row):
        _revoke_expired(row["email_canonical"])
        if not _insert(row):
            raise AlreadyInvited
    of_invitation = {"invitation_id": row["id"]}
    later(InvitationRole, ({**of_invitation, "role_id": one} for one in role_ids))
    topics.request_invitation(row["id"], token.nonce)
    _record("invited", row["id"], actor_id, client, roles=names)
    return INVITATIONS.of({**row, "accepted_at": None, "role_names": names})


def resend_invitation(invitation_id: UUID, *, actor_id: UUID, client: Client = UNKNOWN) -> Shown:
    """Mail another link; the one before is void. The actor takes the place of the inviter.

    Raises:
        NotFound: The invitation does not exist, or was revoked.
        InvitationAccepted: It was accepted.
        Forbidden: The actor lacks what a role holds.
        TooManyRequests: Too many were mailed to the address.
    """
    invitation, token = _lock(invitation_id), _new_token()
    role_changes.require_givable(invitation.role_names, actor_id)
    limits.require(mail_limits.by_address(PURPOSE, invitation.email))
    for name, value in token.columns.items():
        setattr(invitation, name, value)
    invitation.invited_by = actor_id
    session.flush()
    topics.request_invitation(invitation_id, token.nonce)
    _record("invited", invitation_id, actor_id, client, roles=invitation.role_names)
    return INVITATIONS.one(id=invitation_id)


def revoke_invitation(invitation_id: UUID, *, actor_id: UUID, client: Client = UNKNOWN) -> None:
    """Revoke an invitation; its link is void.

    Raises:
        NotFound: It does not exist, or was revoked.
        InvitationAccepted: It was accepted.
    """
    _lock(invitation_id).revoked_at = utc_now()
    session.flush()
    _record("invitation_revoked", invitation_id, actor_id, client)


def letter(invitation_id: UUID, nonce: UUID) -> tuple[str, str] | None:
    """Return address and token of the link to mail; None if it is void."""
    tokens = {
        opaque_tokens.digest(one): one for one in opaque_tokens.one_time_tokens(PURPOSE, nonce)
    }
    row = session.execute(
        sa.select(Invitation.email, Invitation.token_hash).where(
            Invitation.id == invitation_id,
            Invitation.token_hash.in_(tokens),
            Invitation.expires_at > utc_now(),
            LIVE,
        )
    ).one_or_none()
    return None if row is None else (row.email, tokens[row.token_hash])


def _new_token() -> _Token:
    nonce = new_id()
    text = opaque_tokens.one_time_tokens(PURPOSE, nonce)[0]
    columns = {"token_hash": opaque_tokens.digest(text), "expires_at": utc_now() + LIFETIME}
    return _Token(nonce, columns)


def _insert(row: dict[str, Any]) -> bool:
    """Insert an invitation; False if the address has one that is neither accepted nor revoked."""
    statement = insert(Invitation).values(**row).on_conflict_do_nothing()
    return session.scalar(statement.returning(Invitation.id)) is not None


def _revoke_expired(canonical: str) -> None:
    session.execute(
        sa.update(Invitation)
        .where(Invitation.email_canonical == canonical, Invitation.expires_at <= utc_now(), LIVE)
        .values(revoked_at=utc_now())
        .execution_options(synchronize_session=False)
    )


def _lock(invitation_id: UUID) -> Invitation:
    """Return an invitation that can be changed, locked."""
    one = sa.select(Invitation).where(
        Invitation.id == invitation_id, Invitation.revoked_at.is_(None)
    )
    invitation = found(session.scalar(refreshed(locked(one))))
    if invitation.accepted_at is not None:
        raise InvitationAccepted
    return invitation


def _record(what: str, invitation_id: UUID, actor_id: UUID, client: Client, **facts: Any) -> None:
    data = {"invitation": str(invitation_id), **facts}
    audit.record(None, what, client=client, actor_id=actor_id, data=data)
