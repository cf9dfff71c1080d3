"""Settings of users, in the deployment file or the environment."""

from typing import Annotated, Literal

from msgspec import Meta

from mercato_kit.settings import Secret, Settings


class UsersSettings(Settings, frozen=True, kw_only=True):
    """Settings of sessions, links and mail."""

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
    shop_name: Annotated[
        str, Meta(min_length=1, max_length=100, description="Name of the shop in mails")
    ] = "Mercato"
    link_base_url: Annotated[
        str,
        Meta(pattern="^https?://", description="URL of the shop's pages, for links in mails"),
    ] = "http://127.0.0.1:5000"
    mail: Annotated[
        Literal["console", "folder", "smtp"], Meta(description="How the worker sends mail")
    ] = "console"
    mail_from: Annotated[str, Meta(description="Sender of mails")] = "shop@localhost"
    mail_folder: Annotated[str, Meta(description="Folder for .eml files, with `folder`")] = "mail"
    smtp_host: Annotated[str, Meta(description="Mail server")] = "localhost"
    smtp_port: Annotated[int, Meta(ge=1, le=65535, description="Port of the mail server")] = 25
    smtp_starttls: Annotated[bool, Meta(description="Encrypt the connection with STARTTLS")] = False
    smtp_username: Annotated[str | None, Meta(description="User name at the mail server")] = None
    smtp_password: Annotated[
        Secret | None, Meta(description="Password at the mail server; set it in the environment")
    ] = None
    smtp_timeout_seconds: Annotated[
        int, Meta(ge=1, le=60, description="Timeout of the mail server")
    ] = 10
