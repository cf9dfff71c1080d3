"""Fields that several schemas have."""

from marshmallow import validate

from mercato_kit.schemas import Message, Password

_BLANK = Message("Must not be blank; send null for no value.", "blank")

_TAG = Message("Not a valid BCP 47 tag.", "format")

_NUMBER = Message("Not a valid E.164 number.", "format")

filled = validate.Regexp(r"\s*\S.*\Z", error=_BLANK)

is_language = validate.Regexp(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\Z", error=_TAG)

is_phone = validate.Regexp(r"\+[1-9][0-9]{6,14}\Z", error=_NUMBER)


class TypedPassword(Password):
    """A password to verify, as it was typed: its hash may be of that form."""

    form = None
