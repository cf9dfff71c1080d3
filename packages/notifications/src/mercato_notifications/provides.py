"""The provider of the contract ``messages``."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

from mercato_notifications import services
from mercato_notifications.services import Posted


class StoredMessages:
    """Implements :class:`mercato_contracts.messages.Messages` on this feature's services."""

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
