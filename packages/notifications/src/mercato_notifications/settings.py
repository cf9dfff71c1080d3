"""Settings of notifications, in the deployment file or the environment."""

from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from mercato_kit.emails import parse
from mercato_kit.hosts import is_host, is_http_url, is_loopback, is_public, is_public_https
from mercato_kit.settings import Rule, Secret, Settings, WrongSetting
from mercato_notifications.locales import is_locale
from mercato_notifications.senders import parse_sender

_IN_CLEAR = "mails, with links that log people in, are sent to another machine in clear"


class NotificationsSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.notifications.settings]``."""

    production = (
        Rule(
            "link_base_url",
            lambda own: not is_public_https(own.link_base_url),
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
            lambda own: not is_public(parseaddr(own.mail_from)[1].rpartition("@")[2]),
            "answers to mails cannot be delivered, and mail servers refuse the sender",
            {"mail_from": "shop@localhost"},
            instead="shop@your-shop.tld",
        ),
        Rule(
            "mailbox",
            lambda own: own.mailbox,
            "anyone can read the mails, with links that log people in",
            {"mailbox": True},
        ),
        Rule(
            "smtp_security",
            lambda own: _sends_in_clear(own) and own.smtp_password is None,
            _IN_CLEAR,
            {"mail": "smtp", "smtp_host": "mail.your-shop.tld", "smtp_security": "none"},
            instead="starttls",
            reads=["mail", "smtp_host", "smtp_password"],
            acceptable=True,
        ),
        Rule(
            "smtp_security",
            lambda own: _sends_in_clear(own) and own.smtp_password is not None,
            "the password of the mail server is sent to another machine in clear",
            {
                "mail": "smtp",
                "smtp_host": "mail.your-shop.tld",
                "smtp_security": "none",
                "smtp_password": "a password",
            },
            instead="starttls",
            reads=["mail", "smtp_host", "smtp_password"],
        ),
    )

    shop_name: Annotated[
        str, Meta(min_length=1, max_length=100, description="Name of the shop in mails")
    ] = "Mercato"
    link_base_url: Annotated[
        str, Meta(description="URL of the shop's pages, for links in mails")
    ] = "http://127.0.0.1:5000"
    locale: Annotated[
        str, Meta(description="Language (BCP 47) of mails to recipients whose own has no templates")
    ] = "en"
    templates: Annotated[
        str | None, Meta(description="Folder of your own templates, which come first")
    ] = None
    staff_email: Annotated[
        str | None, Meta(description="Address of mails to staff; without it there are none")
    ] = None
    mail: Annotated[
        Literal["console", "folder", "smtp", "other"],
        Meta(
            description="How the worker sends mail; `other`: as the feature does that "
            "`[capabilities] mailer` names"
        ),
    ] = "console"
    mail_from: Annotated[str, Meta(description="Sender of mails")] = "shop@localhost"
    reply_to: Annotated[
        str | None, Meta(description="Address for answers; the sender's by default")
    ] = None
    mail_folder: Annotated[str, Meta(description="Folder for .eml files, with `folder`")] = "mail"
    mailbox: Annotated[
        bool, Meta(description="Show the mails of `mail_folder` at /mailbox, to anyone")
    ] = False
    kept_days: Annotated[
        int, Meta(ge=1, le=365, description="How long the record of a mail is kept")
    ] = 30
    smtp_host: Annotated[str, Meta(description="Mail server")] = "localhost"
    smtp_port: Annotated[
        Annotated[int, Meta(ge=1, le=65535)] | None,
        Meta(description="Port of the mail server; 587 by default, 465 with `tls`, 25 with `none`"),
    ] = None
    smtp_security: Annotated[
        Literal["starttls", "tls", "none"], Meta(description="How the connection is encrypted")
    ] = "starttls"
    smtp_username: Annotated[str | None, Meta(description="User name at the mail server")] = None
    smtp_password: Annotated[
        Secret | None, Meta(description="Password at the mail server; set it in the environment")
    ] = None
    smtp_timeout_seconds: Annotated[
        int, Meta(ge=1, le=60, description="Timeout of the mail server")
    ] = 10

    def __post_init__(self) -> None:
        """Check the URL, the addresses, the language, the folder and the mail server."""
        if not is_http_url(self.link_base_url) or "?" in self.link_base_url:
            what = "expected a URL with http or https and a host, without password, query"
            raise WrongSetting("link_base_url", f"{what} and fragment")
        try:
            parse_sender(self.mail_from)
        except ValueError as error:
            what = "expected one e-mail address, such as shop@your-shop.tld"
            raise WrongSetting("mail_from", what) from error
        for key, address in (("reply_to", self.reply_to), ("staff_email", self.staff_email)):
            _require_address(key, address)
        if not is_host(self.smtp_host):
            what = "expected the name or the address of a host, without scheme and port"
            raise WrongSetting("smtp_host", what)
        if not is_locale(self.locale):
            raise WrongSetting("locale", "expected a language (BCP 47), such as de or pt-BR")
        if self.templates is not None and not Path(self.templates).is_dir():
            raise WrongSetting("templates", "expected a folder that exists")

    @property
    def sender_domain(self) -> str:
        """The domain of the sender, with A-labels."""
        return parse_sender(self.mail_from).domain


def _require_address(key: str, address: str | None) -> None:
    if address is None:
        return
    try:
        parse(address)
    except ValueError as error:
        raise WrongSetting(key, "expected an e-mail address") from error


def _sends_in_clear(settings: NotificationsSettings) -> bool:
    leaves = settings.mail == "smtp" and not is_loopback(settings.smtp_host)
    return leaves and settings.smtp_security == "none"
