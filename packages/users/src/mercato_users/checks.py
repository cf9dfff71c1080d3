"""What the start of the app says of second factors."""

from mercato_contracts.second_factor import SecondFactor
from mercato_kit.feature import Check
from mercato_kit.services import names
from mercato_kit.settings import current_settings
from mercato_users.settings import UsersSettings


def check_second_factor_for() -> str | None:
    """Find roles that require a second factor where none can be added."""
    required = current_settings(UsersSettings).second_factor_for
    if not required or names(SecondFactor):
        return None
    return f"{', '.join(required)} need a second factor, and no enabled feature has one: enable mfa"


STARTUP = [Check("second_factor_for", check_second_factor_for)]
