"""Rows of files of accounts."""

from mercato_kit.schemas import Boolean, Email, Line, List, Listed, QuerySchema, Schema
from mercato_users.hashes import LONGEST
from mercato_users.schemas.fields import filled, is_language, is_phone


class _AccountFields(Schema):
    """What an account of another system may have."""

    email = Email(required=True)
    email_verified = Boolean(required=True)
    password_hash = Line(max=2 * LONGEST, load_default=None, allow_none=True)
    given_name = Line(max=100, load_default=None, allow_none=True, validate=filled)
    family_name = Line(max=100, load_default=None, allow_none=True, validate=filled)
    phone_number = Line(max=20, load_default=None, allow_none=True, validate=is_phone)
    locale = Line(max=35, load_default=None, allow_none=True, validate=is_language)


class AccountSchema(_AccountFields):
    """An account as a JSON object."""

    roles = List(Line(min=1, max=50), max=20, load_default=list)


class AccountCellsSchema(_AccountFields, QuerySchema):
    """An account as cells of a CSV file; roles are separated by commas."""

    roles = Listed(Line(min=1, max=50), max=20, load_default=list)
