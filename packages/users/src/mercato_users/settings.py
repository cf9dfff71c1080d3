"""Settings of users, in the deployment file or the environment."""

from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from msgspec import Meta

from mercato_kit.hosts import is_example, is_host, is_http_url, is_loopback, is_private
from mercato_kit.settings import Rule, Secret, Settings, WrongSetting
from mercato_users.breached_passwords import is_list
from mercato_users.emails import parse_sender
from mercato_users.signing_keys import from_pems

HASH_MEBIBYTES = 19
"""Memory in which a password is hashed."""

_IN_CLEAR = "mails, with links that log people in, are sent to another machine in clear"


class UsersSettings(Settings, frozen=True, kw_only=True):
    """Settings of sessions, links and mail."""

    production = (
        Rule(
            "link_base_url",
            lambda own: not _is_public_https(own.link_base_url),
            "customers cannot open the links in mails, or open them in clear",
            {"link_base_url": "http://127.0.0.1:5000"},
            instead="https://www.your-shop.tld",
        ),
        Rule(
            "mail",
            lambda own: own.mail == "console",
            "mails are printed and not sent",
            {"mail": "console"},
            instead="smtp",
        ),
        Rule(
            "mail",
            lambda own: own.mail == "folder",
            "mails stay in a folder and are not sent",
            {"mail": "folder"},
            instead="smtp",
            acceptable=True,
        ),
        Rule(
            "mail_from",
            lambda own: not _is_public(parseaddr(own.mail_from)[1].rpartition("@")[2]),
            "answers to mails cannot be delivered, and mail servers refuse the sender",
            {"mail_from": "shop@localhost"},
            instead="shop@your-shop.tld",
        ),
        Rule(
            "smtp_starttls",
            lambda own: _sends_in_clear(own) and own.smtp_password is None,
            _IN_CLEAR,
            {"mail": "smtp", "smtp_host": "mail.your-shop.tld", "smtp_starttls": False},
            instead=True,
            reads=["mail", "smtp_host", "smtp_password"],
            acceptable=True,
        ),
        Rule(
            "smtp_starttls",
            lambda own: _sends_in_clear(own) and own.smtp_password is not None,
            "the password of the mail server is sent to another machine in clear",
            {"mail": "smtp", "smtp_host": "mail.your-shop.tld", "smtp_password": "a password"},
            instead=True,
            reads=["mail", "smtp_host", "smtp_password"],
        ),
    )

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
    password_memory_mib: Annotated[
        int,
        Meta(ge=HASH_MEBIBYTES, le=65536, description="MiB of each machine for hashing passwords"),
    ] = 256
    breached_passwords: Annotated[
        str | None,
        Meta(description="File of passwords that are refused: their SHA-1 in hex, sorted"),
    ] = None
    api_key_mode: Annotated[
        Literal["live", "test"],
        Meta(description="What new API keys begin with: `mercato_live_` or `mercato_test_`"),
    ] = "live"
    shop_name: Annotated[
        str, Meta(min_length=1, max_length=100, description="Name of the shop in mails")
    ] = "Mercato"
    link_base_url: Annotated[
        str, Meta(description="URL of the shop's pages, for links in mails")
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

    def __post_init__(self) -> None:
        """Check the URL, the sender and the mail server, and that the signing key can sign."""
        if not is_http_url(self.link_base_url) or "?" in self.link_base_url:
            what = "expected a URL with http or https and a host, without password, query"
            raise WrongSetting("link_base_url", f"{what} and fragment")
        try:
            parse_sender(self.mail_from)
        except ValueError as error:
            what = "expected one e-mail address, such as shop@your-shop.tld"
            raise WrongSetting("mail_from", what) from error
        if not is_host(self.smtp_host):
            what = "expected the name or the address of a host, without scheme and port"
            raise WrongSetting("smtp_host", what)
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


def _is_public_https(url: str) -> bool:
    place = urlsplit(url)
    return place.scheme == "https" and _is_public(place.hostname or "")


def _is_public(host: str) -> bool:
    """Tell whether customers may know *host*: it is neither private nor a placeholder."""
    return not is_private(host) and not is_example(host)


def _sends_in_clear(settings: UsersSettings) -> bool:
    leaves = settings.mail == "smtp" and not is_loopback(settings.smtp_host)
    return leaves and not settings.smtp_starttls
