"""Endpoints of users. Importing the modules registers their routes on the blueprints."""

from mercato_users.routes import (
    accounts,
    api_keys,
    factors,
    invitations,
    me,
    privacy,
    roles,
    sessions,
    staff,
)
from mercato_users.routes.blueprint import blueprint, well_known

__all__ = [
    "accounts",
    "api_keys",
    "blueprint",
    "factors",
    "invitations",
    "me",
    "privacy",
    "roles",
    "sessions",
    "staff",
    "well_known",
]
