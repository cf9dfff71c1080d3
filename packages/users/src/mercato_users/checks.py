"""What the start of the app and `mercato doctor` say of second factors."""

import sqlalchemy as sa

from mercato_contracts.second_factor import SecondFactor
from mercato_kit.db import session
from mercato_kit.feature import Check
from mercato_kit.services import names
from mercato_kit.settings import current_settings
from mercato_users import services
from mercato_users.models import Role
from mercato_users.settings import UsersSettings


def check_second_factor_for() -> str | None:
    """Find roles that require a second factor where none can be added."""
    required = current_settings(UsersSettings).second_factor_for
    if not required or names(SecondFactor):
        return None
    return (
        f"no enabled feature has second factors, without which the permissions of "
        f"{', '.join(required)} do not count: enable mfa"
    )


def check_roles() -> str | None:
    """Find names in ``second_factor_for`` that no role has, such as misspelt ones."""
    required = {*current_settings(UsersSettings).second_factor_for} - {services.STAFF}
    known = set(session.scalars(sa.select(Role.name).where(Role.name.in_(required))))
    unknown = sorted(required - known)
    return f"no role has the name {', '.join(unknown)}: mercato users roles" if unknown else None


STARTUP = [Check("second_factor_for", check_second_factor_for)]

DOCTOR = [Check("second_factor_for", check_roles)]
