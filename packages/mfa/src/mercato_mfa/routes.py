"""Endpoints of the caller's second factors."""

from typing import Any
from uuid import UUID

from mercato_kit.errors import NotFound, StepUpRequired
from mercato_kit.http import Blueprint
from mercato_kit.identity import current_principal
from mercato_kit.policies import fresh, person
from mercato_mfa import services
from mercato_mfa.errors import (
    EnrollmentExpired,
    FactorRequired,
    NoFactor,
    PasskeyTaken,
    TooManyFactors,
)
from mercato_mfa.glossary import GLOSSARY
from mercato_mfa.schemas import (
    FactorSchema,
    FactorsSchema,
    NewPasskeySchema,
    NewTotpSchema,
    PasskeyOptionsSchema,
    RecoveryCodesSchema,
    TotpConfirmationSchema,
    TotpSecretSchema,
)

blueprint = Blueprint(
    "mfa",
    __name__,
    url_prefix="/v1/users/me/mfa",
    description="Second factors of accounts",
    glossary=GLOSSARY,
)

_OWNER = fresh(person)


@blueprint.get("", allow=_OWNER)
@blueprint.response(200, FactorsSchema)
def list_factors() -> services.Factors:
    """List the caller's second factors"""
    return services.list_factors(current_principal)


@blueprint.post("/totp", allow=_OWNER, refuses=[TooManyFactors])
@blueprint.arguments(NewTotpSchema)
@blueprint.response(201, TotpSecretSchema)
def begin_totp(body: dict[str, Any]) -> services.NewTotp:
    """Get the secret of a new authenticator app

    It counts once a code of the app was sent.
    """
    return services.begin_totp(current_principal, body["label"])


@blueprint.post("/totp/confirm", allow=_OWNER, refuses=[NotFound, StepUpRequired])
@blueprint.arguments(TotpConfirmationSchema)
@blueprint.response(200, FactorSchema)
def confirm_totp(body: dict[str, Any]) -> services.Factor:
    """Add an authenticator app with its first code; other sessions end"""
    app = services.confirm_totp(current_principal, body["id"], body["code"])
    return services.shown_totp(app)


@blueprint.post("/passkeys/options", allow=_OWNER, refuses=[TooManyFactors])
@blueprint.response(200, PasskeyOptionsSchema)
def begin_passkey() -> services.NewPasskey:
    """Get the challenge and the options for a new passkey"""
    return services.begin_passkey(current_principal)


@blueprint.post(
    "/passkeys",
    allow=_OWNER,
    refuses=[EnrollmentExpired, PasskeyTaken, TooManyFactors, StepUpRequired],
)
@blueprint.arguments(NewPasskeySchema)
@blueprint.response(201, FactorSchema)
def add_passkey(body: dict[str, Any]) -> services.Factor:
    """Add a passkey that a browser has made; other sessions end"""
    return services.shown_passkey(services.add_passkey(current_principal, **body))


@blueprint.post("/recovery-codes", allow=_OWNER, refuses=[NoFactor])
@blueprint.response(201, RecoveryCodesSchema)
def make_recovery_codes() -> dict[str, Any]:
    """Make ten new recovery codes; those made before are void, and other sessions end"""
    return {"codes": services.make_recovery_codes(current_principal)}


@blueprint.delete("/<uuid:factor_id>", allow=_OWNER, refuses=[FactorRequired])
@blueprint.response(204)
def remove_factor(factor_id: UUID) -> None:
    """Remove an authenticator app or a passkey; other sessions end"""
    services.remove_factor(current_principal, factor_id)
