"""Topics of the feature's events, and functions that publish them."""

from uuid import UUID

from mercato_kit.db import new_id
from mercato_kit.events import Event
from mercato_kit.outbox import publish

VERIFIED = "user.verified"
SIGNED_IN = "user.signed_in"
LOGIN_THROTTLED = "user.login_throttled"
ERASED = "user.erased"
ERASURE_ASKED = "user.erasure_asked"
ROLES_CHANGED = "user.roles_changed"
SUSPENDED = "user.suspended"
REACTIVATED = "user.reactivated"
EMAIL_UPDATED = "user.email_changed"
VERIFICATION_REQUESTED = "user.verification_requested"
REGISTRATION_REPEATED = "user.registration_repeated"
PASSWORD_RESET_REQUESTED = "user.password_reset_requested"  # noqa: S105 - a topic, not a password
PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 - a topic, not a password
INVITED = "user.invited"
LOGIN_LINK_REQUESTED = "user.login_link_requested"
EMAIL_CHANGE_REQUESTED = "user.email_change_requested"
EMAIL_CHANGE_NOTICE = "user.email_change_announced"
EMAIL_TAKEN = "user.email_taken"
EMAIL_CHANGED = "user.email_change_confirmed"
FACTOR_CHANGED = "user.factor_changed"
FACTOR_RESET = "user.factor_reset"
FACTOR_GUESSED = "user.factor_guessed"
RECOVERY_CODE_USED = "user.recovery_code_used"
CLONE_SUSPECTED = "user.passkey_clone_suspected"


def request_invitation(invitation_id: UUID, nonce: UUID) -> None:
    """Request the mail of an invitation from the worker.

    Args:
        invitation_id: The invitation.
        nonce: The nonce of its link.
    """
    publish(
        Event(
            topic=INVITED,
            aggregate_type="message",
            aggregate_id=nonce,
            aggregate_version=1,
            payload={"invitation_id": str(invitation_id)},
        )
    )


def publish_change(topic: str, user_id: UUID, version: int) -> None:
    """Publish a change of an account to other features."""
    publish(
        Event(topic=topic, aggregate_type="user", aggregate_id=user_id, aggregate_version=version)
    )


def publish_login(user_id: UUID, session_id: UUID) -> None:
    """Publish that a user has logged in with a password. A refresh of tokens is no login."""
    publish(
        Event(
            topic=SIGNED_IN,
            aggregate_type="session",
            aggregate_id=session_id,
            aggregate_version=1,
            payload={
                "user_id": str(user_id),
                "session_id": str(session_id),
                "method": "password",
            },
        )
    )


def publish_throttled(user_id: UUID | None) -> None:
    """Publish that strangers have used up the attempts of an account.

    Args:
        user_id: The account; None for an address without one, so that both take the same time.
    """
    _ask_worker(LOGIN_THROTTLED, user_id)


def request_mail(topic: str, user_id: UUID | None) -> UUID:
    """Request a mail from the worker, and return the nonce of its link.

    Args:
        topic: The kind of mail.
        user_id: The recipient; None for no mail. A caller that must not reveal whether an account
            exists makes the request anyway, so that both cases take the same time.
    """
    return _ask_worker(topic, user_id)


def _ask_worker(topic: str, user_id: UUID | None) -> UUID:
    nonce = new_id()
    publish(
        Event(
            topic=topic,
            aggregate_type="message",
            aggregate_id=nonce,
            aggregate_version=1,
            payload={"user_id": None if user_id is None else str(user_id)},
        )
    )
    return nonce
