"""Strict fields of input schemas: nothing is converted, and everything has a maximum."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import marshmallow as ma
from marshmallow import fields, validate

from mercato_kit import emails
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.schemas.messages import Message
from mercato_kit.text import LONGEST_DECOMPOSED, NOT_IN_A_LINE, Form, is_text, normalize

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NOTHING = re.compile(r"(?!)")
_WHOLE = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1900, 2299

_NOT_TEXT = Message("Has a character that is not text.", "character")
_TOO_MANY_MARKS = Message("Has a character with too many combining marks.", "character")
_SAME_NAMES = Message("Sent more than once: two names are one text.", "repeated")
_WRONG_YEAR = Message(f"Must be between the years {FIRST_YEAR} and {LAST_YEAR}.", "range")


not_blank = validate.Regexp(
    r"\s*\S.*\Z", flags=re.DOTALL, error=Message("Must not be blank.", "blank")
)
"""Validates that text has a character that is not white space."""


def is_unbounded(field: fields.Field[Any]) -> bool:
    """Return whether *field* accepts any number of items or members."""
    if isinstance(field, fields.Nested):
        return field.many or getattr(field.nested, "many", False) is True
    if isinstance(field, (fields.List, fields.Mapping)) and not isinstance(field, Bounded):
        return True
    inner = getattr(field, "inner", None) or getattr(field, "value_field", None)
    return inner is not None and is_unbounded(inner)


class Bounded(fields.Field[Any]):
    """Base of fields whose length is checked before their content, so that long input costs little.

    Args:
        inner: The field of an item, for lists.
        min: Minimum characters, items or members.
        max: Maximum characters, items or members.
    """

    _measured: ClassVar[type[Any]] = str

    def __init__(self, *inner: Any, min: int = 0, max: int, **kwargs: Any) -> None:  # noqa: A002
        self._bounds = (validate.Length(min=min), validate.Length(max=max))
        kwargs["validate"] = _and(self._bounds, kwargs.get("validate"))
        super().__init__(*inner, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, self._measured):
            for bound in self._bounds:
                bound(value)
        return super()._deserialize(value, *args, **kwargs)


class Text(Bounded, fields.String):
    """Text of bounded length without control characters, except tabs and line breaks.

    It is loaded in a normal form of Unicode, so that equal texts have equal characters, and its
    length is counted in that form. Use :class:`Line` for names and codes. White space is not
    stripped.

    Attributes:
        form: The normal form; None loads the text as it was sent.
    """

    default_error_messages = {  # noqa: RUF012 - the name marshmallow reads
        "character": "Has a character that does not belong here."
    }
    form: ClassVar[Form | None] = "NFC"
    _refused: ClassVar[re.Pattern[str]] = _CONTROL

    def __init__(self, *, max: int = 5000, **kwargs: Any) -> None:  # noqa: A002
        super().__init__(max=max, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(self._normalized(value), *args, **kwargs)
        if not is_text(text):
            raise ma.ValidationError(_NOT_TEXT)
        if self._refused.search(text):
            raise self.make_error("character")
        return text

    def _normalized(self, value: Any) -> Any:
        longest = self._bounds[1]
        if self.form is None or not isinstance(value, str):
            return value
        if len(value) > LONGEST_DECOMPOSED * (longest.max or 0):
            return longest(value)
        try:
            return normalize(value, self.form)
        except ValueError as error:
            raise ma.ValidationError(_TOO_MANY_MARKS) from error


class Line(Text):
    """One line of text: no tabs, line breaks or bidirectional overrides."""

    _refused = NOT_IN_A_LINE


class Password(Text):
    """Text that may have any characters, because it is never displayed; loaded in NFKC."""

    form: ClassVar[Form | None] = "NFKC"
    _refused = _NOTHING


class Email(Line):
    """An e-mail address of at most 254 characters, loaded as it was written."""

    default_error_messages = {  # noqa: RUF012 - the name marshmallow reads
        "invalid": Message("Not a valid email address.", "format")
    }

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"format": "email", **kwargs.pop("metadata", {})}
        super().__init__(max=emails.LONGEST, metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        try:
            return emails.parse(text).written
        except ValueError as error:
            raise self.make_error("invalid") from error


class Integer(fields.Integer):
    """A JSON integer in a range: not ``2.9``, ``"3"`` or ``true``.

    In a query string, digits are converted.
    """

    def __init__(
        self,
        *,
        min: int = -MAX_SAFE_INTEGER,  # noqa: A002
        max: int = MAX_SAFE_INTEGER,  # noqa: A002
        **kwargs: Any,
    ) -> None:
        bounds = (validate.Range(min=min), validate.Range(max=max))
        super().__init__(validate=_and(bounds, kwargs.pop("validate", None)), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and getattr(self.root, "reads_text", False):
            value = int(value) if _WHOLE.fullmatch(value) else value
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class Boolean(fields.Boolean):
    """``true`` or ``false`` only."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and getattr(self.root, "reads_text", False):
            value = {"true": True, "false": False}.get(value, value)
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Uuid(fields.UUID):
    """A UUID in its canonical form."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise self.make_error("invalid_uuid")
        return UUID(value)


class Instant(fields.AwareDateTime):
    """A time: RFC 3339 with an offset as input, UTC with ``Z`` and milliseconds as output.

    Years are limited, because a time at the edge of the calendar cannot be converted to another
    offset and would break every list that contains it.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = value.upper() if isinstance(value, str) else ""
        if not _RFC_3339.fullmatch(text):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        instant = super()._deserialize(text, *args, **kwargs)
        if not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise ma.ValidationError(_WRONG_YEAR)
        return instant.astimezone(UTC)

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> str | None:
        return None if value is None else render_instant(value)


def render_instant(value: datetime) -> str:
    """Return an aware time as RFC 3339 UTC text with milliseconds: ``2026-01-02T03:04:05.678Z``."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class List(Bounded, fields.List[Any]):
    """A list with a maximum number of items: ``List(Uuid(), max=20)``."""

    _measured = list


class Dict(Bounded, fields.Dict):
    """Key-value pairs with a maximum number: ``Dict(keys=Text(), values=Text(), max=5)``."""

    _measured = dict

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Load the data; errors are reported at their key."""
        try:
            loaded = super().deserialize(value, *args, **kwargs)
        except ma.ValidationError as error:
            raise ma.ValidationError(_by_key(error.messages)) from error
        if isinstance(value, dict) and len(loaded) < len(value):
            raise ma.ValidationError(_SAME_NAMES)
        return loaded


class StandardCode(Text):
    """One of the codes of a standard, such as a currency.

    Args:
        codes: The codes.
        standard: Its name: ``ISO 4217``.
        also: Codes that are not of the standard, for people: ``or XK``.
    """

    def __init__(
        self, codes: Collection[str], standard: str, also: str = "", **kwargs: Any
    ) -> None:
        ending = f", {also}" if also else ""
        known = validate.OneOf(sorted(codes), error=f"Must be one of the {standard} codes{ending}.")
        kwargs.setdefault("metadata", {"description": f"{standard}{ending}"})
        super().__init__(max=max(map(len, codes)), validate=known, **kwargs)


class Metadata(Dict):
    """Key-value pairs of the client: up to 50, with keys of 40 and values of 500 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(keys=Text(min=1, max=40), values=Text(max=500), max=50, **kwargs)


class Listed(List):
    """1 to *max* values of a query parameter: ``ids=a&ids=b``, or ``ids=a,b``."""

    is_multiple = True
    """webargs gives every value of the parameter."""

    def __init__(self, inner: Any, *, max: int = 100, **kwargs: Any) -> None:  # noqa: A002
        super().__init__(inner, min=1, max=max, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            raise self.make_error("invalid")
        values = ",".join(texts).split(",") if texts != [""] else []
        return super()._deserialize(values, *args, **kwargs)


def _and(bounds: tuple[Any, ...], others: Any) -> list[Any]:
    """Return a list of the bounds and other validators. Separate bounds give precise messages."""
    if others is None:
        return [*bounds]
    return [*bounds, *(others if isinstance(others, (list, tuple)) else [others])]


def _by_key(messages: Any) -> Any:
    """Remove the level "key"/"value" of marshmallow's messages, which has no JSON pointer."""
    if not isinstance(messages, Mapping):
        return messages
    return {
        key: [message for side in sides.values() for message in side]
        for key, sides in messages.items()
    }
