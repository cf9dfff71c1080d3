"""Events that users publish, and the handlers that send the feature's mails."""

from collections.abc import Callable
from uuid import UUID

from mercato_kit import work
from mercato_kit.db import session
from mercato_kit.events import Event, Handler
from mercato_users import messages, one_time_tokens, topics
from mercato_users.models import User
from mercato_users.services import invitations

Letter = tuple[str, str, str]
"""Address, subject and text of a mail."""


def mail_verification(event: Event) -> None:
    """Mail a link to verify an address, unless it is already verified."""

    def compose(user: User) -> Letter | None:
        if user.email_verified:
            return None
        claim = one_time_tokens.newest_data(user.id, one_time_tokens.VERIFY_EMAIL)
        token = one_time_tokens.store(
            user.id, one_time_tokens.VERIFY_EMAIL, event.aggregate_id, claim
        )
        return _address_of(token, user), *messages.verification(token)

    _mail(event, compose)


def mail_registration_repeated(event: Event) -> None:
    """Mail the owner of an account that its address was used for another registration."""
    _mail(event, lambda user: (user.email, *messages.registration_repeated()))


def mail_password_reset(event: Event) -> None:
    """Mail a link to set a new password."""

    def compose(user: User) -> Letter:
        spelling = {} if user.email_verified else _newest_spelling(user)
        token = one_time_tokens.store(
            user.id, one_time_tokens.RESET_PASSWORD, event.aggregate_id, spelling
        )
        return _address_of(token, user), *messages.password_reset(token)

    _mail(event, compose)


def mail_password_changed(event: Event) -> None:
    """Mail the owner of an account that its password was changed."""
    _mail(event, lambda user: _with_reset(user, event, messages.password_changed))


def mail_login_link(event: Event) -> None:
    """Mail a link to log in."""

    def compose(user: User) -> Letter:
        token = one_time_tokens.store(user.id, one_time_tokens.LOGIN, event.aggregate_id, {})
        return user.email, *messages.login_link(token)

    _mail(event, compose)


def mail_email_change(event: Event) -> None:
    """Mail a link to the new address of an account."""
    purpose = one_time_tokens.CHANGE_EMAIL
    _mail(event, lambda _: _with_link(purpose, event, messages.email_change))


def mail_email_change_notice(event: Event) -> None:
    """Mail the owner of an account that its address will change."""
    _mail(event, lambda user: _with_reset(user, event, messages.email_change_notice))


def mail_email_taken(event: Event) -> None:
    """Mail the owner of an account that its address was wanted for another one."""
    _mail(event, lambda user: (user.email, *messages.email_taken()))


def mail_email_changed(event: Event) -> None:
    """Mail a link to the former address of an account, to undo the change."""
    purpose = one_time_tokens.UNDO_EMAIL
    _mail(event, lambda _: _with_link(purpose, event, messages.email_changed))


def mail_erasure(event: Event) -> None:
    """Mail a link that cancels the erasure of an account."""

    def compose(user: User) -> Letter:
        token = one_time_tokens.issued(one_time_tokens.CANCEL_ERASURE, event.aggregate_id)
        return user.email, *messages.erasure(token)

    _mail(event, compose, status="closing")


def mail_invitation(event: Event) -> None:
    """Mail a link to accept an invitation, unless it is void."""

    def compose() -> Letter | None:
        invitation_id = UUID(event.payload["invitation_id"])
        found = invitations.letter(invitation_id, event.aggregate_id)
        return None if found is None else (found[0], *messages.invitation(found[1]))

    _send(event, compose)


PUBLISHES = (
    topics.VERIFIED,
    topics.SIGNED_IN,
    topics.ERASED,
    topics.ERASURE_ASKED,
    topics.ROLES_CHANGED,
    topics.SUSPENDED,
    topics.REACTIVATED,
    topics.EMAIL_UPDATED,
    topics.VERIFICATION_REQUESTED,
    topics.REGISTRATION_REPEATED,
    topics.PASSWORD_RESET_REQUESTED,
    topics.PASSWORD_CHANGED,
    topics.LOGIN_LINK_REQUESTED,
    topics.EMAIL_CHANGE_REQUESTED,
    topics.EMAIL_CHANGE_NOTICE,
    topics.EMAIL_TAKEN,
    topics.EMAIL_CHANGED,
    topics.INVITED,
)

HANDLES = (
    Handler(topics.VERIFICATION_REQUESTED, mail_verification, remote=True),
    Handler(topics.REGISTRATION_REPEATED, mail_registration_repeated, remote=True),
    Handler(topics.PASSWORD_RESET_REQUESTED, mail_password_reset, remote=True),
    Handler(topics.PASSWORD_CHANGED, mail_password_changed, remote=True),
    Handler(topics.LOGIN_LINK_REQUESTED, mail_login_link, remote=True),
    Handler(topics.EMAIL_CHANGE_REQUESTED, mail_email_change, remote=True),
    Handler(topics.EMAIL_CHANGE_NOTICE, mail_email_change_notice, remote=True),
    Handler(topics.EMAIL_TAKEN, mail_email_taken, remote=True),
    Handler(topics.EMAIL_CHANGED, mail_email_changed, remote=True),
    Handler(topics.ERASURE_ASKED, mail_erasure, remote=True),
    Handler(topics.INVITED, mail_invitation, remote=True),
)


def _newest_spelling(user: User) -> dict[str, str]:
    """Return how the last registration of an account that is not verified spelt its address."""
    claim = one_time_tokens.newest_data(user.id, one_time_tokens.VERIFY_EMAIL)
    return {"email": claim.get("email", user.email)}


def _address_of(token: str, user: User) -> str:
    """Return the address to mail a link to.

    An account that is not verified may have been registered in several spellings of its address,
    which may be several mailboxes. A link goes to the spelling that it verifies.
    """
    return str(one_time_tokens.data_of(token).get("email", user.email))


def _with_reset(user: User, event: Event, message: Callable[[str], tuple[str, str]]) -> Letter:
    """Write to the owner of an account, with a link to set a new password."""
    purpose = one_time_tokens.RESET_PASSWORD
    return user.email, *message(one_time_tokens.store(user.id, purpose, event.aggregate_id, {}))


def _with_link(
    purpose: str, event: Event, message: Callable[[str], tuple[str, str]]
) -> Letter | None:
    """Write to the address that a link is for; None if its token was deleted meanwhile."""
    token = one_time_tokens.issued(purpose, event.aggregate_id)
    address = one_time_tokens.data_of(token).get("email")
    return None if address is None else (address, *message(token))


def _mail(
    event: Event, compose: Callable[[User], Letter | None], *, status: str = "active"
) -> None:
    """Mail the user whose id an event has, if its account has a status."""

    def write() -> Letter | None:
        user_id = event.payload["user_id"]
        user = None if user_id is None else session.get(User, UUID(user_id))
        return compose(user) if user is not None and user.status == status else None

    _send(event, write)


def _send(event: Event, compose: Callable[[], Letter | None]) -> None:
    """Compose a mail in a unit of work, and send it after the commit.

    Args:
        event: What asked for the mail.
        compose: Returns the letter; None if the mail is no longer needed.
    """
    # A server sends no mails; the worker does.
    from mercato_users import mail  # noqa: PLC0415

    def write() -> mail.Mail | None:
        letter = compose()
        if letter is None:
            return None
        to, subject, text = letter
        return mail.Mail(id=event.id, sent_at=event.created_at, to=to, subject=subject, text=text)

    written = work.run(write)
    if written is not None:
        mail.send(written)
