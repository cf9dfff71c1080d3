"""Subjects and texts of the mails.

They have no user input, so that they cannot be abused to send other content in the shop's name.
"""

from urllib.parse import urlencode

from mercato_kit.settings import current_settings
from mercato_users.settings import UsersSettings


def verification(token: str) -> tuple[str, str]:
    """Return subject and text of the mail to verify an address."""
    settings = current_settings(UsersSettings)
    return (
        f"Confirm your e-mail address for {settings.shop_name}",
        f"""Welcome to {settings.shop_name}.

Open this link to confirm that the address is yours:

{_link("verify-email", token)}

It is valid for {settings.verification_hours} hours. If you did not register, ignore this mail:
the account cannot be used without the link.
""",
    )


def registration_repeated() -> tuple[str, str]:
    """Return subject and text of the mail about a repeated registration."""
    name = current_settings(UsersSettings).shop_name
    return (
        f"You already have an account at {name}",
        f"""Someone tried to register at {name} with your e-mail address.

You have an account already, and nothing was changed. If it was you, log in with your password or
ask for a new one. If it was not, you do not need to do anything.
""",
    )


def password_reset(token: str) -> tuple[str, str]:
    """Return subject and text of the mail to set a new password."""
    settings = current_settings(UsersSettings)
    return (
        f"Set a new password for {settings.shop_name}",
        f"""Someone asked for a new password for your account at {settings.shop_name}.

Open this link to set one:

{_link("reset-password", token)}

It is valid for {settings.reset_minutes} minutes. If it was not you, ignore this mail: your
password does not change.
""",
    )


def password_changed(token: str) -> tuple[str, str]:
    """Return subject and text of the mail about a changed password."""
    name = current_settings(UsersSettings).shop_name
    return (
        f"Your password for {name} was changed",
        f"""The password of your account at {name} was changed, and you were logged out everywhere
else.

If it was not you, set a new password now:

{_link("reset-password", token)}
""",
    )


def login_link(token: str) -> tuple[str, str]:
    """Return subject and text of the mail with a pass to log in."""
    name = current_settings(UsersSettings).shop_name
    return (
        f"Log in to {name}",
        f"""Someone asked for a link to log in to your account at {name}.

Open this link, and log in there with your password within 10 minutes:

{_link("log-in", token)}

If it was not you, ignore this mail: the link does not work without your password.
""",
    )


def invitation(token: str) -> tuple[str, str]:
    """Return subject and text of the mail with an invitation to an account."""
    name = current_settings(UsersSettings).shop_name
    return (
        f"You are invited to {name}",
        f"""You are invited to an account at {name}.

Open this link within 72 hours to accept:

{_link("accept-invitation", token)}

If you do not know why, ignore this mail: no account is made without the link.
""",
    )


def email_change(token: str) -> tuple[str, str]:
    """Return subject and text of the mail to confirm a new address of an account."""
    settings = current_settings(UsersSettings)
    return (
        f"Confirm your new e-mail address for {settings.shop_name}",
        f"""Someone wants to use this e-mail address for an account at {settings.shop_name}.

Open this link to confirm that the address is yours:

{_link("change-email", token)}

It is valid for {settings.verification_hours} hours. If it was not you, ignore this mail.
""",
    )


def email_taken() -> tuple[str, str]:
    """Return subject and text of the mail about an address that has an account already."""
    name = current_settings(UsersSettings).shop_name
    return (
        f"You already have an account at {name}",
        f"""Someone tried to use your e-mail address for another account at {name}.

You have an account with this address already, and nothing was changed.
""",
    )


def email_change_notice(token: str) -> tuple[str, str]:
    """Return subject and text of the mail to the old address, before it changes."""
    settings = current_settings(UsersSettings)
    return (
        f"Your e-mail address for {settings.shop_name} will change",
        f"""Someone who knows your password asked for another e-mail address of your account at
{settings.shop_name}. It changes when a link in a mail to the new address is opened.

If it was not you, set a new password now:

{_link("reset-password", token)}
""",
    )


def email_changed(token: str) -> tuple[str, str]:
    """Return subject and text of the mail to the old address, after it was changed."""
    name = current_settings(UsersSettings).shop_name
    return (
        f"Your e-mail address for {name} was changed",
        f"""Your account at {name} has another e-mail address now.

If it was not you, open this link within 7 days to get your account back:

{_link("undo-email", token)}

It brings this address back, ends every session and asks for a new password.
""",
    )


def erasure(token: str) -> tuple[str, str]:
    """Return subject and text of the mail about an account that will be erased."""
    settings = current_settings(UsersSettings)
    return (
        f"Your account at {settings.shop_name} will be erased",
        f"""Your account at {settings.shop_name} is closed, and your data will be erased in
{settings.erasure_grace_hours} hours.

If you want to keep it, open this link before:

{_link("keep-account", token)}

If you did not ask for this, set a new password afterwards.
""",
    )


def _link(page: str, token: str) -> str:
    base = current_settings(UsersSettings).link_base_url.rstrip("/")
    return f"{base}/{page}?{urlencode({'token': token})}"
