"""Set a new password with a mailed link."""

import sqlalchemy as sa

from mercato_kit import work
from mercato_kit.db import session, utc_now
from mercato_kit.emails import canonical_email
from mercato_users import attempts, one_time_tokens, passwords, topics
from mercato_users.attempts import Counter
from mercato_users.clients import UNKNOWN, Client
from mercato_users.errors import TokenExpired
from mercato_users.models import User
from mercato_users.services import audit, sessions

RESETS_A_DAY = 5


def request_password_reset(email: str) -> None:
    """Mail a link to set a new password, if an active account with this address exists.

    Otherwise the same statements run, but no mail is sent.

    Raises:
        TooManyRequests: Five mails were requested within a day.
    """
    canonical = canonical_email(email)
    attempts.count([Counter("mail.reset", canonical, RESETS_A_DAY)], attempts.DAY)
    user_id = session.scalar(
        sa.select(User.id).where(User.email_canonical == canonical, User.status == "active")
    )
    topics.request_mail(topics.PASSWORD_RESET_REQUESTED, user_id)


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
    user_id, proven = one_time_tokens.use(token, one_time_tokens.RESET_PASSWORD)
    user = session.get(User, user_id)
    if user is None or user.status != "active":
        raise TokenExpired
    user.password_hash = password_hash
    user.token_epoch += 1
    was_verified = user.email_verified
    if not was_verified:
        user.email, user.email_verified_at = proven.get("email", user.email), utc_now()
    session.flush()
    if not was_verified:
        topics.publish_change(topics.VERIFIED, user.id, user.version)
    for purpose in (one_time_tokens.RESET_PASSWORD, one_time_tokens.VERIFY_EMAIL):
        one_time_tokens.use_up_all(user.id, purpose)
    sessions.end_all(user.id, "password_reset")
    audit.record(user.id, "password_reset", client=client)
    topics.request_mail(topics.PASSWORD_CHANGED, user.id)


def _address_behind(token: str) -> str:
    """Return the address of the account that the link of *token* was mailed to.

    Raises:
        TokenExpired: The link is unknown, used or expired, or the account is not active.
    """
    user_id = one_time_tokens.owner(token, one_time_tokens.RESET_PASSWORD)
    known = sa.select(User.email).where(User.id == user_id, User.status == "active")
    address = session.scalar(known)
    if address is None:
        raise TokenExpired
    return address
