"""The blueprints of users, and the caller of a route."""

from uuid import UUID

from mercato_contracts.people import People
from mercato_kit.errors import StepUpRequired, Unauthenticated
from mercato_kit.http import Blueprint
from mercato_kit.identity import current_principal
from mercato_users.glossary import GLOSSARY

blueprint = Blueprint(
    "users", __name__, url_prefix="/v1", description="Accounts and logins", glossary=GLOSSARY
)
well_known = Blueprint("users_keys", __name__, description="Public keys of access tokens")

PERSON = (People, "person")
"""What other features may add members to: ``expand``."""


def caller_id() -> UUID:
    """Return the id of the caller of a route for people.

    Raises:
        Unauthenticated: The token has none, which this feature never issues.
    """
    if current_principal.sub is None:
        raise Unauthenticated(invalid_token=True)
    return current_principal.sub


def actor_id() -> UUID:
    """Return the id of the caller of a route that changes accounts or roles of others.

    Raises:
        StepUpRequired: The account has permissions that this session lacks without its second
            factor. What all its roles hold decides what it may change, so all must count.
    """
    if current_principal.withheld:
        raise StepUpRequired(acr=2)
    return caller_id()
