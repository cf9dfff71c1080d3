"""What users hold of a person: it is exported and erased."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_kit.emails import canonical_email
from mercato_kit.privacy import Erased, Part, PersonalData, Subject, columns
from mercato_kit.schemas import render_instant
from mercato_users import services
from mercato_users.models import (
    Address,
    ApiKey,
    AuditEvent,
    Challenge,
    Device,
    Import,
    Invitation,
    LoginAttempt,
    OneTimeToken,
    RefreshToken,
    Role,
    RolePermission,
    Session,
    StoredSigningKey,
    User,
)
from mercato_users.schemas import AddressSchema, UserSchema
from mercato_users.subjects import subject_of

# marshmallow leaves out the types of these calls.
_ACCOUNT, _ADDRESS = UserSchema(), AddressSchema()  # type: ignore[no-untyped-call]


def export(subject: Subject) -> Iterator[Part]:
    """Give the account, addresses, devices, sessions, keys, audit trail and invitations."""
    invitations = sa.select(Invitation).where(Invitation.email_canonical.in_(subject.emails))
    if subject.emails:
        yield Part("invitations", list(map(_invitation, session.scalars(invitations))))
    user = None if subject.account is None else session.get(User, subject.account)
    if user is None:
        return
    yield Part("account", [_ACCOUNT.dump(user)])
    yield Part("addresses", [_ADDRESS.dump(address) for address in _rows_of(Address, user)])
    yield Part("devices", list(map(_device, _rows_of(Device, user))))
    yield Part("sessions", list(map(_login, _rows_of(Session, user))))
    yield Part("api_keys", list(map(_key, _rows_of(ApiKey, user))))
    yield Part("events", list(map(_event, _rows_of(AuditEvent, user))))


def erase(subject: Subject) -> Erased:
    """Erase a user. Only the id stays, because rows of other features refer to it.

    Invitations to an address that is proved to be the person's, and registrations that were never
    verified, go with it; an account of that address stays, unless it is the subject's.

    Raises:
        LastAdministrator: No administrator would be left.
    """
    found = {
        "registrations": services.delete_unverified(subject.emails),
        "invitations": services.delete_invitations(subject.emails),
    }
    counts = {name: number for name, number in found.items() if number}
    if subject.account is None or not services.erase_user(subject.account):
        return Erased(counts=counts)
    return Erased([subject.account], {"accounts": 1, **counts})


def find(text: str) -> Subject | None:
    """Return the user with an id or an address."""
    user = session.scalars(sa.select(User).where(_named(text))).one_or_none()
    return None if user is None else subject_of(user)


PERSONAL_DATA = PersonalData(
    columns=columns(
        erase=[
            User.email,
            User.email_canonical,
            User.password_hash,
            User.given_name,
            User.family_name,
            User.phone_number,
            User.locale,
            User.metadata_,
            Address.name,
            Address.line1,
            Address.line2,
            Address.city,
            Address.region,
            Address.postal_code,
            Address.country,
            Address.phone_number,
            Address.metadata_,
            Device.token_hash,
            Device.user_agent,
            Device.ip_prefix,
            ApiKey.name,
            ApiKey.start,
            ApiKey.key_hash,
            ApiKey.scopes,
            ApiKey.last_used_prefix,
            Invitation.email,
            Invitation.email_canonical,
            Invitation.token_hash,
            Session.revoke_reason,
            Session.user_agent,
            Session.ip_prefix,
            Session.amr,
            Session.device_name,
            RefreshToken.token_hash,
            OneTimeToken.token_hash,
            OneTimeToken.purpose,
            OneTimeToken.data,
            Challenge.data,
            Challenge.purpose,
            Challenge.token_hash,
            AuditEvent.request_id,
            AuditEvent.ip_prefix,
            AuditEvent.data,
        ],
        # Hashes of addresses that are counted by; they are deleted within two days.
        keep=[User.kind, User.status, AuditEvent.type, LoginAttempt.key],
        none=[
            Import.file_sha256,
            Role.name,
            Role.metadata_,
            RolePermission.permission,
            StoredSigningKey.kid,
            StoredSigningKey.algorithm,
            StoredSigningKey.private_sealed,
            StoredSigningKey.public_jwk,
        ],
    ),
    export=export,
    erase=erase,
    find=find,
)


def _named(text: str) -> sa.ColumnElement[bool]:
    try:
        return User.id == UUID(text)
    except ValueError:
        return User.email_canonical == canonical_email(text)


def _rows_of(model: Any, user: User) -> Any:
    return session.scalars(sa.select(model).where(model.user_id == user.id).order_by(model.id))


def _device(device: Device) -> dict[str, Any]:
    return {
        "created_at": render_instant(device.created_at),
        "used_at": render_instant(device.used_at),
        "user_agent": device.user_agent,
        "network": device.ip_prefix,
    }


def _login(login: Session) -> dict[str, Any]:
    return {
        "created_at": render_instant(login.created_at),
        "last_seen_at": render_instant(login.last_seen_at),
        "device_name": login.device_name,
        "user_agent": login.user_agent,
        "network": login.ip_prefix,
    }


def _key(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "start": key.start,
        "scopes": key.scopes,
        "created_at": render_instant(key.created_at),
        "expires_at": render_instant(key.expires_at),
        "network": key.last_used_prefix,
    }


def _invitation(invitation: Invitation) -> dict[str, Any]:
    return {"email": invitation.email, "created_at": render_instant(invitation.created_at)}


def _event(event: AuditEvent) -> dict[str, Any]:
    return {
        "type": event.type,
        "by": event.by,
        "at": render_instant(event.created_at),
        # That of another person is not theirs.
        "network": event.ip_prefix if event.by == "you" else None,
    }
