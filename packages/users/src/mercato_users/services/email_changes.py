"""An account gets another e-mail address, and its former owner can undo that."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import limits
from mercato_kit.db import refuse, session, unique_key, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.limits import Take
from mercato_kit.principals import Principal
from mercato_users import one_time_tokens, topics
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import TokenExpired
from mercato_users.models import User
from mercato_users.one_time_tokens import Used
from mercato_users.services import (
    api_keys,
    audit,
    closing,
    factor_changes,
    mail_limits,
    open_sessions,
    proofs,
)
from mercato_users.services.proofs import Proof

MAILS_BY_ACCOUNT = 10

_ADDRESS = unique_key(User, "email_canonical")


def request_email(caller: Principal, email: str, proof: Proof, client: Client = UNKNOWN) -> None:
    """Mail a link that changes the address to the new one, and a notice to the old one.

    The caller cannot see whether another account has the address: the mail there says so instead.

    Raises:
        InvalidCredentials: The current password is wrong.
        TooManyRequests: Too many links to this address, or by this account, were asked for.
    """
    user_id = proofs.accept(caller, proof)
    canonical = canonical_email(email)
    limits.require(
        mail_limits.by_address("change", email),
        Take("mail.change.account", str(user_id), burst=MAILS_BY_ACCOUNT, every=mail_limits.HOUR),
    )
    other_id, old = _read(user_id, canonical)
    is_taken = other_id is not None
    topic = topics.EMAIL_TAKEN if is_taken else topics.EMAIL_CHANGE_REQUESTED
    nonce = topics.request_mail(topic, other_id if is_taken else user_id)
    # It is stored in both cases, so that they take the same time; only one of them mails it.
    data = {"email": email, "old": old, "session": str(caller.session_id)}
    purpose = one_time_tokens.CHANGE_EMAIL
    one_time_tokens.store_new(user_id, purpose, nonce, data, epoch=proof.epoch)
    topics.request_mail(topics.EMAIL_CHANGE_NOTICE, user_id)
    audit.record(user_id, "email_change_asked", client=client, actor_id=user_id)


def confirm_email(token: str, client: Client = UNKNOWN) -> None:
    """Change the address of an account to the one that a link was mailed to.

    An account of this address that is not verified is deleted. All sessions end but the one that
    asked for the change, and links mailed before are void. The old address gets a link to undo it.

    Raises:
        TokenExpired: The link is unknown, used, void or expired, or another account has the
            address.
    """
    used = one_time_tokens.use(token, one_time_tokens.CHANGE_EMAIL)
    user_id = used.user_id
    version = _set_email(
        used,
        User.email_canonical == used.data["old"],
        User.credential_epoch == used.epoch,
    )
    open_sessions.end_all(user_id, "email_changed", but=UUID(used.data["session"]))
    nonce = topics.request_mail(topics.EMAIL_CHANGED, user_id)
    one_time_tokens.store(user_id, one_time_tokens.UNDO_EMAIL, nonce, {"email": used.email})
    audit.record(user_id, "email_changed", client=client, actor_id=user_id)
    topics.publish_change(topics.EMAIL_UPDATED, user_id, version)


def undo_email(token: str, client: Client = UNKNOWN) -> None:
    """Give an account its former address back: a thief may have changed it.

    All sessions end, the password is void, and a link to set a new one is mailed. API keys are
    revoked, and second factors that were added since, or in the week before, are removed: a thief
    may have added one first, so that the owner stays locked out. Links that undo later changes are
    void, too; they were mailed to the thief. An account that is closing opens again: the link that
    cancels an erasure went to the thief, too.

    Raises:
        TokenExpired: The link is unknown, used or expired, another verified account has the
            address, or the account is suspended or being erased.
    """
    used = one_time_tokens.use(token, one_time_tokens.UNDO_EMAIL)
    user_id = used.user_id
    closing.reopen(user_id, client)
    version = _set_email(used, password_hash=None, token_epoch=User.token_epoch + 1)
    one_time_tokens.use_up_later(used, one_time_tokens.UNDO_EMAIL)
    changed_at = used.expires_at - one_time_tokens.UNDO
    factor_changes.remove_added_since(user_id, changed_at - one_time_tokens.UNDO)
    open_sessions.end_all(user_id, "email_change_undone")
    api_keys.revoke_all(user_id)
    topics.request_mail(topics.PASSWORD_RESET_REQUESTED, user_id)
    audit.record(user_id, "email_change_undone", client=client, actor_id=user_id)
    topics.publish_change(topics.EMAIL_UPDATED, user_id, version)


def _set_email(used: Used, *which: sa.ColumnElement[bool], **values: Any) -> int:
    """Set the address of a link, and return the new version of the account.

    Raises:
        TokenExpired: The account has changed since, or another one has the address.
    """
    email = used.data["email"]
    canonical = canonical_email(email)
    # The owner of the link owns the mailbox, which the account that registered it has not proved.
    session.execute(
        sa.delete(User)
        .where(
            User.email_canonical == canonical,
            User.id != used.user_id,
            User.email_verified_at.is_(None),
        )
        .execution_options(synchronize_session=False)
    )
    with refuse({_ADDRESS: TokenExpired}):
        version = session.scalar(
            sa.update(User)
            .where(User.id == used.user_id, User.status == "active", *which)
            .values(
                email=email,
                email_canonical=canonical,
                credential_epoch=User.credential_epoch + 1,
                version=User.version + 1,
                updated_at=utc_now(),
                **values,
            )
            .returning(User.version)
            .execution_options(synchronize_session=False)
        )
    if version is None:
        raise TokenExpired
    return version


def _read(user_id: UUID, canonical: str) -> tuple[UUID | None, str]:
    """Return the id of another verified account with an address, and the user's own address."""
    other = sa.select(User.id).where(
        User.email_canonical == canonical,
        User.id != user_id,
        User.email_verified_at.is_not(None),
    )
    both = sa.select(other.scalar_subquery(), User.email_canonical).where(User.id == user_id)
    return session.execute(both).one()
