"""Passwords are changed, or set anew with a mailed link."""

from dataclasses import dataclass

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import locked, refreshed, session, utc_now
from mercato_kit.principals import Principal
from mercato_users import one_time_tokens, passwords, topics
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import InvalidCredentials, TokenExpired
from mercato_users.models import User
from mercato_users.services import audit, known_devices, mail_limits, open_sessions, proofs
from mercato_users.services.proofs import Proof


def request_password_reset(
    email: str, client: Client = UNKNOWN, device_token: str | None = None
) -> None:
    """Mail a link to set a new password, if an active account with this address exists.

    Otherwise the same statements run, but no mail is sent.

    Raises:
        TooManyRequests: Too many mails were asked for.
    """
    found = known_devices.find_owner(email, device_token)
    mail_limits.require("reset", email, client, device_id=found.device_id)
    topics.request_mail(topics.PASSWORD_RESET_REQUESTED, found.user_id)


def reset_password(token: str, password: str, client: Client = UNKNOWN) -> None:
    """Set a new password, and end all sessions of the account.

    Opening the mail proves ownership of the address, so the address counts as verified.

    Raises:
        TokenExpired: The link is unknown, used or expired.
        WeakPassword: The password is not acceptable; the link stays valid.
    """
    # A hash is costly, so it is made only for the owner of a link, and before the transaction.
    passwords.check(password, work.read_first(lambda: _address_behind(token)))
    password_hash = passwords.hash_password(password)
    # The statement that uses the link decides a race, so it is sent before any change of the user.
    used = one_time_tokens.use(token, one_time_tokens.RESET_PASSWORD)
    user = session.scalar(refreshed(locked(sa.select(User).where(User.id == used.user_id))))
    if user is None or user.status != "active" or user.credential_epoch != used.epoch:
        raise TokenExpired
    user.password_hash = password_hash
    user.token_epoch += 1
    user.credential_epoch += 1
    was_verified = user.email_verified
    if not was_verified:
        user.email, user.email_verified_at = used.data.get("email", user.email), utc_now()
    session.flush()
    if not was_verified:
        topics.publish_change(topics.VERIFIED, user.id, user.version)
    open_sessions.end_all(user.id, "password_reset")
    audit.record(user.id, "password_reset", client=client, actor_id=user.id)
    topics.request_mail(topics.PASSWORD_CHANGED, user.id)


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A change of a password, before the transaction begins.

    Args:
        proof: Whether the caller knows its password.
        password_hash: The hash of the new one; None if the caller does not.
    """

    proof: Proof
    password_hash: str | None


def prepare_password(caller: Principal, current: str, password: str) -> NewPassword:
    """Verify the current password of the caller and hash the new one, in no transaction.

    Raises:
        WeakPassword: The new password is not acceptable.
        StepUpRequired: The caller has a second factor, and this session was begun without it.
    """
    proof = proofs.verify(caller, current)
    if proof.password_hash is None:
        return NewPassword(proof, None)
    passwords.check(password, caller.email or "")
    return NewPassword(proof, passwords.hash_password(password))


def change_password(caller: Principal, new: NewPassword, client: Client = UNKNOWN) -> None:
    """Change the password of the caller; its other sessions end, and mailed links are void.

    Raises:
        InvalidCredentials: The current password is wrong, or was changed meanwhile.
    """
    user_id = proofs.accept(caller, new.proof)
    changed = session.scalar(
        sa.update(User)
        .where(
            User.id == user_id,
            User.password_hash == new.proof.password_hash,
            User.status == "active",
        )
        .values(
            password_hash=new.password_hash,
            credential_epoch=User.credential_epoch + 1,
            # The password is no part of the profile.
            updated_at=User.updated_at,
        )
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    if changed is None:
        raise InvalidCredentials
    open_sessions.end_all(user_id, "password_changed", but=caller.session_id)
    audit.record(user_id, "password_changed", client=client, actor_id=user_id)
    topics.request_mail(topics.PASSWORD_CHANGED, user_id)


def _address_behind(token: str) -> str:
    """Return the address of the account that the link of *token* was mailed to.

    Raises:
        TokenExpired: The link is unknown, used or expired, or the account is not active.
    """
    return one_time_tokens.address_of_owner(token, one_time_tokens.RESET_PASSWORD)
