"""Events that orders publish and handle."""

from mercato_contracts.messages import Messages
from mercato_kit import work
from mercato_kit.events import Event, Handler
from mercato_kit.services import get
from mercato_orders import services, timeline


def send_unshippable(event: Event) -> None:
    """Send units of a paid order that need no shipping."""
    services.send_unshippable(event.aggregate_id)


def mail_privacy_link(event: Event) -> None:
    """Mail a guest the link that confirms a request about their data."""
    letter = work.run(lambda: services.letter_of(event), read_only=True)
    if letter is not None:
        context = {"kind": letter.kind, "token": letter.token}
        get(Messages).post(
            str(event.id),
            "orders.privacy_request",
            letter.to,
            letter.locale,
            context,
            secrets=["token"],
        )


PUBLISHES = [*timeline.TOPICS, timeline.PRIVACY_REQUESTED]

HANDLES = [Handler(timeline.PAID, send_unshippable)]

MAILS = [Handler(timeline.PRIVACY_REQUESTED, mail_privacy_link, remote=True)]
"""Handled where mails are sent."""
