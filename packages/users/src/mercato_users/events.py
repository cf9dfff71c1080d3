"""Events that users publish, and the handlers that record them and mail the owners of accounts."""

from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from mercato_contracts.messages import Messages
from mercato_kit import work
from mercato_kit.db import session
from mercato_kit.events import Event, Handler
from mercato_kit.services import get
from mercato_kit.settings import current_settings
from mercato_users import one_time_tokens, services, topics
from mercato_users.models import User
from mercato_users.settings import UsersSettings


class Letter(NamedTuple):
    """A mail to the owner of an account.

    No value is user input, so that mails cannot send other content in the shop's name.

    Args:
        to: The address.
        name: The name of the template.
        values: Its values, such as how long the link is valid.
        token: The token of its link, which is never stored; None if it has no link.
    """

    to: str
    name: str
    values: Mapping[str, Any] = {}
    token: str | None = None


class Post(NamedTuple):
    """A letter, and whose it is.

    Args:
        letter: The letter.
        user_id: The account; None for an address that has none yet.
        locale: Its language (BCP 47); None for that of the shop.
    """

    letter: Letter
    user_id: UUID | None = None
    locale: str | None = None


def mail_verification(event: Event) -> None:
    """Mail a link to verify an address, unless it is already verified."""

    def compose(user: User) -> Letter | None:
        if user.email_verified:
            return None
        claim = one_time_tokens.newest_data(user.id, one_time_tokens.VERIFY_EMAIL)
        token = one_time_tokens.store(
            user.id, one_time_tokens.VERIFY_EMAIL, event.aggregate_id, claim
        )
        return Letter(_address_of(token, user), "verify_email", _hours(), token)

    _mail(event, compose)


def mail_registration_repeated(event: Event) -> None:
    """Mail the owner of an account that its address was used for another registration."""
    _mail(event, lambda user: Letter(user.email, "registration_repeated"))


def mail_password_reset(event: Event) -> None:
    """Mail a link to set a new password."""

    def compose(user: User) -> Letter:
        spelling = {} if user.email_verified else _newest_spelling(user)
        token = one_time_tokens.store(
            user.id, one_time_tokens.RESET_PASSWORD, event.aggregate_id, spelling
        )
        values = {"minutes": current_settings(UsersSettings).reset_minutes}
        return Letter(_address_of(token, user), "reset_password", values, token)

    _mail(event, compose)


def mail_password_changed(event: Event) -> None:
    """Mail the owner of an account that its password was changed."""
    _mail(event, lambda user: _with_reset(user, event, "password_changed"))


def mail_login_link(event: Event) -> None:
    """Mail a link to log in."""

    def compose(user: User) -> Letter:
        token = one_time_tokens.store(user.id, one_time_tokens.LOGIN, event.aggregate_id, {})
        values = {"minutes": int(one_time_tokens.PASS.total_seconds() // 60)}
        return Letter(user.email, "login_link", values, token)

    _mail(event, compose)


def mail_email_change(event: Event) -> None:
    """Mail a link to the new address of an account."""
    purpose = one_time_tokens.CHANGE_EMAIL
    _mail(event, lambda _: _with_link(purpose, event, "change_email", _hours()))


def mail_email_change_notice(event: Event) -> None:
    """Mail the owner of an account that its address will change."""
    _mail(event, lambda user: _with_reset(user, event, "email_change_announced"))


def mail_email_taken(event: Event) -> None:
    """Mail the owner of an account that its address was wanted for another one."""
    _mail(event, lambda user: Letter(user.email, "email_taken"))


def mail_email_changed(event: Event) -> None:
    """Mail a link to the former address of an account, to undo the change."""
    purpose, values = one_time_tokens.UNDO_EMAIL, {"days": one_time_tokens.UNDO.days}

    def compose(_: User) -> Letter | None:
        return _with_link(purpose, event, "email_changed", values)

    # A thief who changed the address may close the account before the mail is written.
    _mail(event, compose, statuses=("active", "closing"))


def mail_factor_changed(event: Event) -> None:
    """Mail the owner of an account that its second factors were changed."""
    _mail(event, lambda user: _with_reset(user, event, "factor_changed"))


def mail_factor_reset(event: Event) -> None:
    """Mail the owner of an account that its second factors were removed by staff."""
    _mail(event, lambda user: _with_reset(user, event, "factor_reset"))


def mail_factor_guessed(event: Event) -> None:
    """Mail the owner of an account that its password was right and its second factor wrong."""
    _mail(event, lambda user: _with_reset(user, event, "factor_guessed"))


def mail_recovery_code_used(event: Event) -> None:
    """Mail the owner of an account that a recovery code was used."""
    _mail(event, lambda user: _with_reset(user, event, "recovery_code_used"))


def mail_clone_suspected(event: Event) -> None:
    """Mail the owner of an account that a passkey may be copied."""
    _mail(event, lambda user: _with_reset(user, event, "clone_suspected"))


def mail_erasure(event: Event) -> None:
    """Mail a link that cancels the erasure of an account."""

    def compose(user: User) -> Letter | None:
        token = one_time_tokens.issued(one_time_tokens.CANCEL_ERASURE, event.aggregate_id)
        hours = one_time_tokens.data_of(token).get("hours")
        return None if hours is None else Letter(user.email, "erasure", {"hours": hours}, token)

    _mail(event, compose, statuses=("closing",))


def mail_invitation(event: Event) -> None:
    """Mail a link to accept an invitation, unless it is void."""

    def compose() -> Post | None:
        invitation_id = UUID(event.payload["invitation_id"])
        found = services.invitation_letter(invitation_id, event.aggregate_id)
        if found is None:
            return None
        hours = services.INVITATION_LIFETIME // timedelta(hours=1)
        return Post(Letter(found[0], "invitation", {"hours": hours}, found[1]))

    _post(event, compose)


def record_throttled(event: Event) -> None:
    """Record in the audit trail that strangers have used up the attempts of an account."""
    user_id = event.payload["user_id"]
    if user_id is not None:
        services.record_throttled_logins(UUID(user_id))


PUBLISHES = (
    topics.VERIFIED,
    topics.SIGNED_IN,
    topics.LOGIN_THROTTLED,
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
    topics.CLONE_SUSPECTED,
    topics.FACTOR_CHANGED,
    topics.FACTOR_GUESSED,
    topics.FACTOR_RESET,
    topics.INVITED,
    topics.RECOVERY_CODE_USED,
)

HANDLES = (Handler(topics.LOGIN_THROTTLED, record_throttled),)

MAILS = (
    Handler(topics.VERIFICATION_REQUESTED, mail_verification, remote=True),
    Handler(topics.REGISTRATION_REPEATED, mail_registration_repeated, remote=True),
    Handler(topics.PASSWORD_RESET_REQUESTED, mail_password_reset, remote=True),
    Handler(topics.PASSWORD_CHANGED, mail_password_changed, remote=True),
    Handler(topics.LOGIN_LINK_REQUESTED, mail_login_link, remote=True),
    Handler(topics.EMAIL_CHANGE_REQUESTED, mail_email_change, remote=True),
    Handler(topics.EMAIL_CHANGE_NOTICE, mail_email_change_notice, remote=True),
    Handler(topics.EMAIL_TAKEN, mail_email_taken, remote=True),
    Handler(topics.EMAIL_CHANGED, mail_email_changed, remote=True),
    Handler(topics.FACTOR_CHANGED, mail_factor_changed, remote=True),
    Handler(topics.FACTOR_RESET, mail_factor_reset, remote=True),
    Handler(topics.FACTOR_GUESSED, mail_factor_guessed, remote=True),
    Handler(topics.RECOVERY_CODE_USED, mail_recovery_code_used, remote=True),
    Handler(topics.CLONE_SUSPECTED, mail_clone_suspected, remote=True),
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


def _hours() -> dict[str, int]:
    """Return how long a link to verify an address is valid."""
    return {"hours": current_settings(UsersSettings).verification_hours}


def _with_reset(user: User, event: Event, name: str) -> Letter:
    """Write to the owner of an account, with a link to set a new password."""
    purpose = one_time_tokens.RESET_PASSWORD
    token = one_time_tokens.store(user.id, purpose, event.aggregate_id, {})
    return Letter(user.email, name, token=token)


def _with_link(purpose: str, event: Event, name: str, values: Mapping[str, Any]) -> Letter | None:
    """Write to the address that a link is for; None if its token was deleted meanwhile."""
    token = one_time_tokens.issued(purpose, event.aggregate_id)
    address = one_time_tokens.data_of(token).get("email")
    return None if address is None else Letter(address, name, values, token)


def _mail(
    event: Event,
    compose: Callable[[User], Letter | None],
    *,
    statuses: Collection[str] = ("active",),
) -> None:
    """Mail the user whose id an event has, if its account has one of some statuses."""

    def write() -> Post | None:
        user_id = event.payload["user_id"]
        user = None if user_id is None else session.get(User, UUID(user_id))
        letter = compose(user) if user is not None and user.status in statuses else None
        return None if user is None or letter is None else Post(letter, user.id, user.locale)

    _post(event, write)


def _post(event: Event, compose: Callable[[], Post | None]) -> None:
    """Compose a mail in a unit of work, and post it after the commit.

    Args:
        event: What asked for the mail.
        compose: Returns the mail; None if it is no longer needed.

    Raises:
        NotSentError: It was not sent. The event is delivered again.
    """
    post = work.run(compose)
    if post is None:
        return
    letter = post.letter
    secret = {} if letter.token is None else {"token": letter.token}
    get(Messages).post(
        key=str(event.id),
        template=f"users.{letter.name}",
        to=letter.to,
        locale=post.locale,
        context={**letter.values, **secret},
        secrets=tuple(secret),
        subject=post.user_id,
    )
