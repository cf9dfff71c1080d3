"""What can be done with mails."""

from mercato_notifications.services.posting import post
from mercato_notifications.services.records import (
    find_message,
    list_messages,
    resend,
    send_test,
)
from mercato_notifications.services.sending import forget_old, send_due

__all__ = [
    "find_message",
    "forget_old",
    "list_messages",
    "post",
    "resend",
    "send_due",
    "send_test",
]
