"""Topics of the feature's events, and the functions that publish them."""

from uuid import UUID

from mercato_kit.db import new_id
from mercato_kit.events import Event
from mercato_kit.outbox import publish

VERIFIED = "user.verified"
ERASED = "user.erased"
VERIFICATION_REQUESTED = "user.verification_requested"
REGISTRATION_REPEATED = "user.registration_repeated"
PASSWORD_RESET_REQUESTED = "user.password_reset_requested"  # noqa: S105 - a topic
PASSWORD_CHANGED = "user.password_changed"  # noqa: S105 - a topic


def publish_change(topic: str, user_id: UUID, version: int) -> None:
    """Tell other features what became of an account."""
    publish(
        Event(topic=topic, aggregate_type="user", aggregate_id=user_id, aggregate_version=version)
    )


def request_mail(topic: str, user_id: UUID | None) -> UUID:
    """Ask the worker for a mail, and return the nonce that its link is made of.

    Args:
        topic: Which mail.
        user_id: To whom; None asks for none. A caller that must not show whether there is an
            account asks all the same, so that both take as long.
    """
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
