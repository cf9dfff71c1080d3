"""The providers of the contracts ``messages`` and ``mailer``."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from mercato_contracts.mailer import Mail, Rejected
from mercato_contracts.messages import Shop
from mercato_kit.settings import current_settings
from mercato_notifications import services
from mercato_notifications.mailers import WAYS
from mercato_notifications.settings import NotificationsSettings
from mercato_notifications.values import Posted


class StoredMessages:
    """Implements :class:`mercato_contracts.messages.Messages` on this feature's services."""

    def shop(self) -> Shop:
        """Return the shop that mails are from."""
        settings = current_settings(NotificationsSettings)
        return Shop(settings.shop_name, settings.link_base_url)

    def post(
        self,
        key: str,
        template: str,
        to: str,
        locale: str | None,
        context: Mapping[str, Any],
        secrets: Collection[str] = (),
        subject: UUID | None = None,
    ) -> None:
        """Send a mail, once by template and key."""
        services.post(
            Posted(
                key=key,
                template=template,
                to=to,
                locale=locale,
                context=context,
                secrets=secrets,
                subject=subject,
            )
        )


class OwnMailer:
    """Implements :class:`mercato_contracts.mailer.Mailer` as the setting ``mail`` says."""

    def send(self, mail: Mail) -> None:
        """Send a mail."""
        settings = current_settings(NotificationsSettings)
        try:
            WAYS[settings.mail](mail, settings)
        except ValueError as error:
            # The text of the error shows the recipient.
            raise Rejected("an address or the subject is malformed") from error
