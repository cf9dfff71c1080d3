"""Messages of field errors, which carry the code of the rule that was broken.

A code is a name of the rule: ``required``, ``null``, ``type``, ``unknown_field``, ``min``, ``max``,
``range``, ``min_length``, ``max_length``, ``length``, ``choice``, ``format``, ``pattern``,
``character``, ``repeated``; ``invalid`` for a message without a code.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from marshmallow import fields, validate


class Message(str):
    """The text of a field error with its code: ``ValidationError(Message("Blank.", "blank"))``.

    It can also be the ``error`` of a marshmallow validator, or one of a field's ``error_messages``.
    """

    code: str

    def __new__(cls, text: str, code: str = "invalid") -> "Message":
        """Return *text* with *code*."""
        message = super().__new__(cls, text)
        message.code = code
        return message

    def format(self, *args: object, **kwargs: object) -> "Message":
        """Format the text; the code stays."""
        return Message(super().format(*args, **kwargs), self.code)


UNKNOWN_FIELD = Message("Unknown field.", "unknown_field")
WRONG_TYPE = Message("Invalid input type.", "type")
MISSING = Message("Missing data for required field.", "required")

_CODES = {
    "invalid": "type",
    "too_large": "max",
    "unknown": "choice",
    "invalid_utf8": "character",
    "validator_failed": "invalid",
    "must_be": "choice",
}
"""The codes of keys in ``error_messages``; other keys are codes themselves."""

_FORMATTED = (fields.DateTime, fields.Date, fields.Time, fields.Url, fields.Email)
_CHOICES = (validate.OneOf, validate.NoneOf, validate.Equal)
_BOUNDED: dict[type[Any], tuple[str, str, str]] = {
    validate.Length: ("min_length", "max_length", "length"),
    validate.Range: ("min", "max", "range"),
}
_TEXTS = ("error", "message_min", "message_max", "message_all", "message_equal")


def carry_codes(field: fields.Field[Any]) -> None:
    """Let the messages of a field, of its items and of its validators carry their codes."""
    # The dict is shared by the copies of a field: each object of a schema binds some.
    for key, text in field.error_messages.items():
        if type(text) is str:
            field.error_messages[key] = _message(text, _code_of_key(field, key))
    for validator in field.validators:
        _carry(validator)
    for inner in _inner_fields(field):
        carry_codes(inner)


def _code_of_key(field: fields.Field[Any], key: str) -> str:
    if key.startswith("invalid_") and key not in _CODES:
        return "format"
    if key == "invalid" and (isinstance(field, _FORMATTED) or "format" in field.metadata):
        return "format"
    return _CODES.get(key, key)


def _carry(validator: Any) -> None:
    if isinstance(validator, validate.And):
        for one in validator.validators:
            _carry(one)
    elif isinstance(validator, validate.Validator):
        code = _code_of_validator(validator)
        for name in _TEXTS:
            if type(text := getattr(validator, name, None)) is str:
                setattr(validator, name, _message(text, code))


def _code_of_validator(validator: Any) -> str:
    for kind, (least, most, both) in _BOUNDED.items():
        if isinstance(validator, kind):
            if validator.max is None:
                return both if validator.min is None else least
            return most if validator.min is None else both
    if isinstance(validator, _CHOICES):
        return "choice"
    if isinstance(validator, validate.Regexp):
        return "pattern"
    return "format" if isinstance(validator, (validate.URL, validate.Email)) else "invalid"


def _inner_fields(field: fields.Field[Any]) -> Iterator[fields.Field[Any]]:
    if isinstance(field, fields.List):
        yield field.inner
    elif isinstance(field, fields.Tuple):
        yield from field.tuple_fields
    elif isinstance(field, fields.Mapping):
        yield from (one for one in (field.key_field, field.value_field) if one is not None)


# Thousands of fields have the same few messages.
@lru_cache(maxsize=1000)
def _message(text: str, code: str) -> Message:
    return Message(text, code)
