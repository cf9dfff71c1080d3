"""Create accounts and verify their addresses."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import limits, work
from mercato_kit.db import insert, new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_kit.errors import TooManyRequests
from mercato_users import one_time_tokens, passwords, topics
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import EmailTaken, TokenExpired
from mercato_users.models import User
from mercato_users.services import audit, mail_limits
from mercato_users.values import NewUser


@dataclass(frozen=True, slots=True)
class Registration:
    """A registration before its transaction begins.

    Args:
        email: The address.
        claim: What it sets once its address is verified; None if too many mails went there.
    """

    email: str
    claim: dict[str, Any] | None


def prepare_registration(new: NewUser, client: Client = UNKNOWN) -> Registration:
    """Check a registration and hash its password, in no transaction.

    The mail is taken from its limits before, so that refused registrations cost no hash.

    Raises:
        WeakPassword: The password is not acceptable.
        TooManyRequests: Too many registrations came from the network.
    """
    passwords.check(new.password, new.email)
    may_mail = work.run(lambda: _take_mail(new.email, client))
    # The password is hashed whether or not the account exists, so that both take the same time.
    return Registration(new.email, _claim(new) if may_mail else None)


def register(new: Registration) -> None:
    """Create an account whose address is not verified yet.

    The caller cannot see whether an account exists: its owner is notified by mail, as often as
    mails may be sent to an address.
    """
    if new.claim is None:
        return
    user_id = _insert(new.claim)
    known = None if user_id is not None else _by_email(new.email)
    if known is not None:
        user_id = known.id
    if user_id is None:
        return
    if known is not None and known.email_verified:
        topics.request_mail(topics.REGISTRATION_REPEATED, user_id)
    else:
        # The link sets password and spelling of its own registration, so that a stranger who
        # registered the address first neither knows the password nor gets the mails of the account.
        nonce = topics.request_mail(topics.VERIFICATION_REQUESTED, user_id)
        one_time_tokens.store(user_id, one_time_tokens.VERIFY_EMAIL, nonce, new.claim)


def request_verification(email: str, client: Client = UNKNOWN) -> None:
    """Mail another verification link, if an account with *email* is waiting for verification.

    Raises:
        TooManyRequests: Too many mails were asked for.
    """
    mail_limits.require("verify", email, client)
    known = _by_email(email)
    waits = known is not None and known.status == "active" and not known.email_verified
    topics.request_mail(topics.VERIFICATION_REQUESTED, known.id if known and waits else None)


def verify_email(token: str, client: Client = UNKNOWN) -> None:
    """Activate the account of a mailed link, with password and spelling of that registration.

    Raises:
        TokenExpired: The link is unknown, used or expired, or the account is already verified.
    """
    used, now = one_time_tokens.use(token, one_time_tokens.VERIFY_EMAIL), utc_now()
    version = session.scalar(
        sa.update(User)
        .where(
            User.id == used.user_id,
            User.email_verified_at.is_(None),
            User.status == "active",
            User.credential_epoch == used.epoch,
        )
        .values(
            **used.data,
            email_verified_at=now,
            updated_at=now,
            version=User.version + 1,
            credential_epoch=User.credential_epoch + 1,
        )
        .returning(User.version)
    )
    if version is None:
        raise TokenExpired
    audit.record(used.user_id, "email_verified", client=client, actor_id=used.user_id)
    topics.publish_change(topics.VERIFIED, used.user_id, version)


def create_verified_user(new: NewUser) -> User:
    """Create a verified account, for operators.

    Raises:
        WeakPassword: The password is not acceptable.
        EmailTaken: An account with this address exists.
    """
    passwords.check(new.password, new.email)
    user_id = _insert({**_claim(new), "email_verified_at": utc_now()})
    if user_id is None:
        raise EmailTaken(f"An account with the address {new.email} already exists.")
    audit.record(user_id, "created_by_operator")
    topics.publish_change(topics.VERIFIED, user_id, 1)
    return session.get_one(User, user_id)


def _claim(new: NewUser) -> dict[str, Any]:
    """Return the values that a registration sets once its address is verified."""
    return {
        "email": new.email,
        "password_hash": passwords.hash_password(new.password),
        "given_name": new.given_name,
        "family_name": new.family_name,
        "locale": new.locale,
    }


def _insert(values: dict[str, Any]) -> UUID | None:
    """Insert an account and return its id; None if the unique key of the address refuses it."""
    return session.scalar(
        insert(User)
        .values(id=new_id(), email_canonical=canonical_email(values["email"]), **values)
        .on_conflict_do_nothing(index_elements=["email_canonical"])
        .returning(User.id)
    )


def _by_email(email: str) -> User | None:
    return session.scalar(sa.select(User).where(User.email_canonical == canonical_email(email)))


def _take_mail(email: str, client: Client) -> bool:
    """Take a mail of a registration, and return whether the address may get another one.

    Raises:
        TooManyRequests: Too many registrations came from the network.
    """
    of_address = mail_limits.by_address("register", email)
    of_network = mail_limits.by_network("register", client)
    wait = limits.take(of_address, of_network)
    if wait[of_network]:
        raise TooManyRequests(retry_after_seconds=wait[of_network])
    return not wait[of_address]
