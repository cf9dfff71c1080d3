"""Create accounts and verify their addresses."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import insert, new_id, session, utc_now
from mercato_kit.emails import canonical_email
from mercato_users import attempts, one_time_tokens, passwords, topics
from mercato_users.attempts import Counter
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import EmailTaken, TokenExpired
from mercato_users.models import User
from mercato_users.services import audit
from mercato_users.values import NewUser

MAILS_A_DAY = 5


def register(new: NewUser) -> None:
    """Create an account whose address is not verified yet.

    The caller cannot see whether an account exists: its owner is notified by mail, at most five
    times a day.

    Raises:
        WeakPassword: The password is not acceptable.
    """
    passwords.check(new.password, new.email)
    counters = [_mail_counter("register", new.email)]
    if work.read_first(lambda: attempts.wait_seconds(counters)):
        return
    # The password is hashed whether or not the account exists, so that both take the same time.
    claim = _claim(new)
    may_mail = not attempts.spend(counters)
    user_id = _insert(claim)
    known = None if user_id is not None else _by_email(new.email)
    if known is not None:
        user_id = known.id
    if user_id is None or not may_mail:
        return
    if known is not None and known.email_verified:
        topics.request_mail(topics.REGISTRATION_REPEATED, user_id)
    else:
        # The link sets password and spelling of its own registration, so that a stranger who
        # registered the address first neither knows the password nor gets the mails of the account.
        nonce = topics.request_mail(topics.VERIFICATION_REQUESTED, user_id)
        one_time_tokens.store(user_id, one_time_tokens.VERIFY_EMAIL, nonce, claim)


def request_verification(email: str) -> None:
    """Mail another verification link, if an account with *email* is waiting for verification.

    Raises:
        TooManyRequests: Five mails were requested within a day.
    """
    attempts.count([_mail_counter("verify", email)])
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


def _mail_counter(kind: str, email: str) -> Counter:
    return Counter(f"mail.{kind}", canonical_email(email), MAILS_A_DAY, attempts.DAY)
