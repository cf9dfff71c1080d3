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


def password_changed() -> tuple[str, str]:
    """Return subject and text of the mail about a changed password."""
    name = current_settings(UsersSettings).shop_name
    return (
        f"Your password for {name} was changed",
        f"""The password of your account at {name} was changed, and you were logged out everywhere.

If it was not you, set a new password immediately.
""",
    )


def _link(page: str, token: str) -> str:
    base = current_settings(UsersSettings).link_base_url.rstrip("/")
    return f"{base}/{page}?{urlencode({'token': token})}"
