"""Passkeys (WebAuthn): what browsers are asked, and their answers."""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from mercato_contracts.second_factor import ClonedAuthenticator, Proof
from mercato_kit.db import session, utc_now
from mercato_kit.settings import current_settings
from mercato_mfa.models import Passkey
from mercato_mfa.settings import MfaSettings

METHOD = "passkey"

_REFUSED = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)
"""What the library raises for an answer that is wrong or malformed."""

_LONGEST_ID = 1023
"""Bytes of the id of a passkey (WebAuthn Level 3, 7.1)."""

_VERIFIED = UserVerificationRequirement.REQUIRED


def creation_options(user_id: UUID, name: str, challenge: str) -> dict[str, Any]:
    """Return the options of ``navigator.credentials.create()`` for a new passkey of a user."""
    settings = current_settings(MfaSettings)
    options = generate_registration_options(
        rp_id=settings.rp_id,
        rp_name=settings.issuer,
        user_id=user_id.bytes,
        user_name=name,
        challenge=challenge.encode(),
        exclude_credentials=_descriptors(user_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_VERIFIED
        ),
    )
    return _as_json(options)


def request_options(user_id: UUID, challenge: str) -> dict[str, Any]:
    """Return the options of ``navigator.credentials.get()`` for the passkeys of a user."""
    options = generate_authentication_options(
        rp_id=current_settings(MfaSettings).rp_id,
        challenge=challenge.encode(),
        allow_credentials=_descriptors(user_id),
        user_verification=_VERIFIED,
    )
    return _as_json(options)


@dataclass(frozen=True, slots=True)
class Created:
    """A passkey that a browser has made."""

    credential_id: str
    public_key: bytes
    sign_count: int
    backed_up: bool
    transports: list[str]


def read_created(challenge: str, credential: str) -> Created | None:
    """Return the passkey that a browser has made; None if its answer is wrong or malformed."""
    settings = current_settings(MfaSettings)
    try:
        sent = parse_registration_credential_json(credential)
        verified = verify_registration_response(
            credential=sent,
            expected_challenge=challenge.encode(),
            expected_rp_id=settings.rp_id,
            expected_origin=list(settings.origins),
            require_user_verification=True,
        )
    except _REFUSED:
        return None
    if len(verified.credential_id) > _LONGEST_ID:
        return None
    return Created(
        bytes_to_base64url(verified.credential_id),
        verified.credential_public_key,
        verified.sign_count,
        _may_be_backed_up(verified.credential_device_type),
        sorted(one.value for one in sent.response.transports or ()),
    )


def verify(user_id: UUID, challenge: str, answer: str) -> Proof | None:
    """Verify the answer of a passkey of a user.

    Raises:
        ClonedAuthenticator: The answer is right, but the authenticator had counted further before.
    """
    try:
        credential = parse_authentication_credential_json(answer)
        known = _find(user_id, credential)
        count = None if known is None else _verified_count(known, credential, challenge)
    except _REFUSED:
        return None
    if known is None or count is None:
        return None
    if not _record_use(known, count):
        raise ClonedAuthenticator
    return Proof(amr_of(known), known.id)


def amr_of(passkey: Passkey) -> tuple[str, ...]:
    """Return the methods of authentication (RFC 8176) that a passkey proves."""
    return ("swk",) if passkey.backed_up else ("hwk",)


def _verified_count(
    known: Passkey, credential: AuthenticationCredential, challenge: str
) -> int | None:
    """Return how many signatures the authenticator says that it has made; None if it is wrong."""
    settings = current_settings(MfaSettings)
    verified = verify_authentication_response(
        credential=credential,
        expected_challenge=challenge.encode(),
        expected_rp_id=settings.rp_id,
        expected_origin=list(settings.origins),
        credential_public_key=known.public_key,
        # The library refuses synced passkeys whose devices count on their own: see _record_use.
        credential_current_sign_count=0,
        require_user_verification=True,
    )
    # Whether it may be backed up never changes (WebAuthn Level 3, 6.1.3).
    is_same = _may_be_backed_up(verified.credential_device_type) == known.backed_up
    return verified.new_sign_count if is_same else None


def _may_be_backed_up(device_type: CredentialDeviceType) -> bool:
    return device_type == CredentialDeviceType.MULTI_DEVICE


def _find(user_id: UUID, credential: AuthenticationCredential) -> Passkey | None:
    """Return the passkey of an answer, if it is the user's."""
    if credential.response.user_handle not in (None, user_id.bytes):
        return None
    credential_id = bytes_to_base64url(credential.raw_id)
    return session.scalar(
        sa.select(Passkey).where(Passkey.credential_id == credential_id, Passkey.user_id == user_id)
    )


def _record_use(known: Passkey, count: int) -> bool:
    """Record a use, and return whether the counter of the authenticator has grown.

    It need not grow where the key may be on several devices, or where nothing is counted.
    """
    has_grown = sa.or_(
        Passkey.backed_up,
        Passkey.sign_count < count,
        sa.and_(Passkey.sign_count == 0, sa.literal(count) == 0),
    )
    used = session.scalar(
        sa.update(Passkey)
        .where(Passkey.id == known.id, has_grown)
        .values(sign_count=count, used_at=utc_now())
        .returning(Passkey.id)
        .execution_options(synchronize_session=False)
    )
    return used is not None


def _descriptors(user_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    rows = session.execute(
        sa.select(Passkey.credential_id, Passkey.transports)
        .where(Passkey.user_id == user_id)
        .order_by(Passkey.created_at, Passkey.id)
    )
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(credential_id),
            transports=[AuthenticatorTransport(one) for one in transports],
        )
        for credential_id, transports in rows
    ]


def _as_json(options: Any) -> dict[str, Any]:
    as_json: dict[str, Any] = json.loads(options_to_json(options))
    return as_json
