"""Export and erase the personal data of a user."""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.schemas import render_instant
from mercato_users import services
from mercato_users.models import Address, AuditEvent, Device, Session, User
from mercato_users.schemas import AddressSchema, UserSchema

# marshmallow leaves out the types of these calls.
_ACCOUNT, _ADDRESS = UserSchema(), AddressSchema()  # type: ignore[no-untyped-call]


def export_subject(user_id: UUID) -> dict[str, Any]:
    """Return the account, sessions and audit trail of a user; empty if the user does not exist."""
    user = session.get(User, user_id)
    if user is None:
        return {}
    logins = session.scalars(
        sa.select(Session).where(Session.user_id == user_id).order_by(Session.id)
    )
    devices = session.scalars(
        sa.select(Device).where(Device.user_id == user_id).order_by(Device.id)
    )
    trail = session.scalars(
        sa.select(AuditEvent).where(AuditEvent.user_id == user_id).order_by(AuditEvent.id)
    )
    addresses = session.scalars(
        sa.select(Address).where(Address.user_id == user_id).order_by(Address.id)
    )
    return {
        "account": _ACCOUNT.dump(user),
        "addresses": [_ADDRESS.dump(address) for address in addresses],
        "devices": [
            {
                "created_at": render_instant(device.created_at),
                "used_at": render_instant(device.used_at),
                "user_agent": device.user_agent,
                "network": device.ip_prefix,
            }
            for device in devices
        ],
        "sessions": [
            {
                "created_at": render_instant(login.created_at),
                "last_seen_at": render_instant(login.last_seen_at),
                "device_name": login.device_name,
                "user_agent": login.user_agent,
                "network": login.ip_prefix,
            }
            for login in logins
        ],
        "events": [
            {"type": event.type, "at": render_instant(event.created_at), "network": event.ip_prefix}
            for event in trail
        ],
    }


def erase_subject(user_id: UUID) -> None:
    """Erase a user. Only the id stays, because rows of other features refer to it.

    Raises:
        LastAdministrator: No administrator would be left.
    """
    services.erase_user(user_id)
