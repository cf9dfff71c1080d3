"""The ceremonies of WebAuthn: options for browsers, and verification of their answers.

The library takes long to import, so this module is imported where a ceremony happens.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

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

from mercato_kit.settings import current_settings
from mercato_mfa.models import Passkey
from mercato_mfa.settings import MfaSettings

_REFUSED = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)
"""What the library raises for an answer that is wrong or malformed."""

_LONGEST_ID = 1023
"""Bytes of the id of a passkey (WebAuthn Level 3, 7.1)."""

_VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True, slots=True)
class Created:
    """A passkey that a browser has made."""

    credential_id: str
    public_key: bytes
    sign_count: int
    backed_up: bool
    transports: list[str]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer of a passkey, which is not verified yet."""

    credential_id: str
    user_handle: bytes | None
    credential: AuthenticationCredential


def creation_options(
    user_id: UUID, name: str, challenge: str, known: Iterable[Passkey]
) -> dict[str, Any]:
    """Return the options of ``navigator.credentials.create()`` for a new passkey of a user.

    Args:
        user_id: The user.
        name: What the authenticator calls the account.
        challenge: The challenge.
        known: The passkeys of the user, whose authenticators make no second one.
    """
    settings = current_settings(MfaSettings)
    options = generate_registration_options(
        rp_id=settings.rp_id,
        rp_name=settings.issuer,
        user_id=user_id.bytes,
        user_name=name,
        challenge=challenge.encode(),
        exclude_credentials=_descriptors(known),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=_VERIFIED
        ),
    )
    return _as_json(options)


def request_options(challenge: str, known: Iterable[Passkey]) -> dict[str, Any]:
    """Return the options of ``navigator.credentials.get()`` for some passkeys."""
    options = generate_authentication_options(
        rp_id=current_settings(MfaSettings).rp_id,
        challenge=challenge.encode(),
        allow_credentials=_descriptors(known),
        user_verification=_VERIFIED,
    )
    return _as_json(options)


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


def read_answer(text: str) -> Answer | None:
    """Return the answer of a passkey, not verified; None if it is malformed."""
    try:
        sent = parse_authentication_credential_json(text)
    except _REFUSED:
        return None
    return Answer(bytes_to_base64url(sent.raw_id), sent.response.user_handle, sent)


def verified_count(answer: Answer, challenge: str, known: Passkey) -> int | None:
    """Return how many signatures the authenticator says that it has made; None if it is wrong."""
    settings = current_settings(MfaSettings)
    try:
        verified = verify_authentication_response(
            credential=answer.credential,
            expected_challenge=challenge.encode(),
            expected_rp_id=settings.rp_id,
            expected_origin=list(settings.origins),
            credential_public_key=known.public_key,
            # The library refuses synced passkeys whose devices count on their own. The service
            # compares the counter.
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _REFUSED:
        return None
    # Whether it may be backed up never changes (WebAuthn Level 3, 6.1.3).
    is_same = _may_be_backed_up(verified.credential_device_type) == known.backed_up
    return verified.new_sign_count if is_same else None


def _may_be_backed_up(device_type: CredentialDeviceType) -> bool:
    return device_type == CredentialDeviceType.MULTI_DEVICE


def _descriptors(known: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(one.credential_id),
            transports=[AuthenticatorTransport(name) for name in one.transports],
        )
        for one in known
    ]


def _as_json(options: Any) -> dict[str, Any]:
    as_json: dict[str, Any] = json.loads(options_to_json(options))
    return as_json
