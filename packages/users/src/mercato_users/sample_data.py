"""Sample data: staff and customers."""

from typing import Any

import sqlalchemy as sa

from mercato_kit.composition import current_composition
from mercato_kit.db import session
from mercato_kit.emails import canonical_email
from mercato_users import services
from mercato_users.models import ADMIN, User
from mercato_users.values import NewUser

CLERK = "clerk"

# For development only: sample data cannot be loaded in production.
STAFF_PASSWORD = "open-the-hall-0417"  # noqa: S105
CUSTOMER_PASSWORD = "basket-of-figs-2611"  # noqa: S105

STAFF = (
    ("admin@example.com", "Ines", "Okafor", "en", ADMIN),
    ("clerk@example.com", "Tomas", "Lindqvist", "en", CLERK),
)
CUSTOMERS = (
    ("amelie.laurent@example.com", "Amélie", "Laurent", "fr-FR"),
    ("bruno.costa@example.com", "Bruno", "Costa", "pt-PT"),
    ("chiara.rossi@example.com", "Chiara", "Rossi", "it-IT"),
    ("david.novak@example.com", "David", "Novák", "cs-CZ"),
    ("emi.tanaka@example.com", "Emi", "Tanaka", "ja-JP"),
    ("farah.haddad@example.com", "Farah", "Haddad", "ar-LB"),
    ("george.miller@example.com", "George", "Miller", "en-US"),
    ("hanna.schmidt@example.com", "Hanna", "Schmidt", "de-DE"),
)


def make_sample_data(samples: dict[str, list[Any]]) -> list[str]:
    """Create missing staff and customers, and return how to log in as them.

    Args:
        samples: Gets ``customers``: a list of id, e-mail address and name.
    """
    if services.find_role_by_name(CLERK) is None:
        declared = current_composition().permissions
        services.create_role(CLERK, {name for name in declared if _is_for_clerks(name)})
    for email, given_name, family_name, locale, role in STAFF:
        user = _find_or_create(email, STAFF_PASSWORD, given_name, family_name, locale)
        services.grant_role(user.id, role)
    customers = [_find_or_create(email, CUSTOMER_PASSWORD, *names) for email, *names in CUSTOMERS]
    samples["customers"] = [
        (user.id, user.email, f"{user.given_name} {user.family_name}") for user in customers
    ]
    return [
        f"staff     {STAFF[0][0]} (every permission) and {STAFF[1][0]}, password {STAFF_PASSWORD}",
        f"customers {CUSTOMERS[0][0]} and {len(CUSTOMERS) - 1} more, password {CUSTOMER_PASSWORD}",
    ]


def _is_for_clerks(permission: str) -> bool:
    """Clerks read everything except the audit trail, and change everything except accounts."""
    own = permission.startswith(("api_keys.", "audit.", "roles.", "users."))
    changes = permission.endswith(".write") and not own
    return changes or (permission.endswith(".read") and not permission.startswith("audit."))


def _find_or_create(
    email: str, password: str, given_name: str, family_name: str, locale: str
) -> User:
    known = session.scalar(sa.select(User).where(User.email_canonical == canonical_email(email)))
    return known or services.create_verified_user(
        NewUser(
            email=email,
            password=password,
            given_name=given_name,
            family_name=family_name,
            locale=locale,
        )
    )
