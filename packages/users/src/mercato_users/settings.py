"""Settings of users, in the deployment file or the environment."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta

from mercato_kit.settings import Secret, Settings, WrongSetting
from mercato_users.breached_passwords import is_list
from mercato_users.signing_keys import from_pems

HASH_MEBIBYTES = 19
"""Memory in which a password is hashed."""


class UsersSettings(Settings, frozen=True, kw_only=True):
    """Settings of tokens, sessions and links."""

    issuer: Annotated[str, Meta(min_length=1, description="`iss` of access tokens")] = "mercato"
    audience: Annotated[str, Meta(min_length=1, description="`aud` of access tokens")] = "mercato"
    signing_key: Annotated[
        Secret | None,
        Meta(
            description="Ed25519 private keys (PEM, PKCS 8) of access tokens: the first one signs, "
            "all verify; by default `mercato users rotate-keys` makes them"
        ),
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
    second_factor_for: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=50)], ...],
        Meta(
            description="Roles whose permissions count only in sessions with a second factor; "
            "`staff` for all that hold a permission",
            examples=[["admin"]],
        ),
    ] = ()
    verification_hours: Annotated[
        int, Meta(ge=1, le=168, description="How long a verification link is valid")
    ] = 24
    reset_minutes: Annotated[
        int, Meta(ge=1, le=1440, description="How long a link to set a new password is valid")
    ] = 60
    unverified_days: Annotated[
        int, Meta(ge=1, le=365, description="When an unverified account is deleted")
    ] = 7
    erasure_grace_hours: Annotated[
        int,
        Meta(ge=1, le=720, description="How long the erasure of an account can be canceled"),
    ] = 24
    audit_days: Annotated[
        int, Meta(ge=30, le=3650, description="How long the audit trail is kept")
    ] = 400
    refresh_cookie: Annotated[
        bool, Meta(description="true: logins may ask for their tokens in cookies")
    ] = False
    password_memory_mib: Annotated[
        int,
        Meta(ge=HASH_MEBIBYTES, le=65536, description="MiB of each machine for hashing passwords"),
    ] = 256
    breached_passwords: Annotated[
        str | None,
        Meta(description="File of passwords that are refused: their SHA-1 in hex, sorted"),
    ] = None

    def __post_init__(self) -> None:
        """Check the file of breached passwords, and that the signing keys can sign."""
        _check_list(self.breached_passwords)
        if self.signing_key is not None:
            try:
                from_pems(self.signing_key.reveal())
            except ValueError as error:
                what = "expected Ed25519 private keys in PEM"
                raise WrongSetting("signing_key", what) from error


def _check_list(file: str | None) -> None:
    """Check that the file of breached passwords, if any, can be read and begins as one.

    Raises:
        WrongSetting: It cannot, or does not.
    """
    try:
        is_usable = file is None or is_list(Path(file))
    except OSError as error:
        what = f"the file cannot be read: {error.strerror}"
        raise WrongSetting("breached_passwords", what) from error
    if not is_usable:
        what = "expected a file with a SHA-1 of 40 hexadecimal digits in each line, sorted"
        raise WrongSetting("breached_passwords", what)
