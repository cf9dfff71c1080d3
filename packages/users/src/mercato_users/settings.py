"""Settings of users, in the deployment file or the environment."""

from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Secret, Settings, WrongSetting
from mercato_users.signing_keys import from_pem


class UsersSettings(Settings, frozen=True, kw_only=True):
    """Settings of tokens, sessions and links."""

    issuer: Annotated[str, Meta(min_length=1, description="`iss` of access tokens")] = "mercato"
    audience: Annotated[str, Meta(min_length=1, description="`aud` of access tokens")] = "mercato"
    signing_key: Annotated[
        Secret | None,
        Meta(description="Ed25519 private key (PEM, PKCS 8) that signs access tokens"),
    ] = None
    access_token_seconds: Annotated[
        int, Meta(ge=1, le=3600, description="How long an access token is valid")
    ] = 600
    session_days: Annotated[
        int, Meta(ge=1, le=365, description="How long a session lasts at most")
    ] = 30
    idle_days: Annotated[
        int, Meta(ge=1, le=365, description="When a session ends that is not refreshed")
    ] = 14
    staff_session_hours: Annotated[
        int, Meta(ge=1, le=720, description="How long a session of staff lasts at most")
    ] = 12
    staff_idle_minutes: Annotated[
        int,
        Meta(ge=15, le=1440, description="When a session of staff ends that is not refreshed"),
    ] = 60
    refresh_grace_seconds: Annotated[
        int, Meta(ge=0, le=60, description="How long a refresh may be repeated")
    ] = 10
    verification_hours: Annotated[
        int, Meta(ge=1, le=168, description="How long a verification link is valid")
    ] = 24
    reset_minutes: Annotated[
        int, Meta(ge=1, le=1440, description="How long a link to set a new password is valid")
    ] = 60
    unverified_days: Annotated[
        int, Meta(ge=1, le=365, description="When an unverified account is deleted")
    ] = 7
    audit_days: Annotated[
        int, Meta(ge=30, le=3650, description="How long the audit trail is kept")
    ] = 400

    def __post_init__(self) -> None:
        """Check that the signing key can sign."""
        if self.signing_key is not None:
            try:
                from_pem(self.signing_key.reveal())
            except ValueError as error:
                what = "expected an Ed25519 private key in PEM"
                raise WrongSetting("signing_key", what) from error
