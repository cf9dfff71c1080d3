"""Strict JSON, in and out, on Flask-Marshmallow.

Input schemas are written by hand, field by field. Output schemas are read off the model, with
their fields listed, so a new column is never published by accident.
"""

import re
from collections.abc import Mapping
from datetime import UTC
from datetime import datetime
from typing import Any
from typing import ClassVar
from typing import TypeVar
from uuid import UUID

import marshmallow as ma
from flask_marshmallow import Schema as FlaskSchema
from flask_marshmallow.sqla import SQLAlchemyAutoSchema
from marshmallow import fields
from marshmallow import validate
from marshmallow_sqlalchemy import ModelConverter
from webargs.fields import DelimitedList

from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.db import UtcDateTime

T = TypeVar("T")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_HALF = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NOTHING = re.compile(r"(?!)")
# Every control character, the two other line ends, and what turns the direction of reading around.
_NOT_IN_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_WHOLE = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
FIRST_YEAR, LAST_YEAR = 1900, 2299


def check_text(text: str) -> None:
    """Refuse text that a database cannot hold.

    Raises:
        marshmallow.ValidationError: It has a NUL or half a surrogate pair.
    """
    if not is_text(text):
        raise ma.ValidationError("Has a character that is not text.")


def is_text(text: str) -> bool:
    """Tell whether a database can hold *text*: it has no NUL and no half of a surrogate pair."""
    return "\x00" not in text and not _HALF.search(text)


class Text(fields.String):
    """Text of bounded length that every database can hold and every screen can show.

    Of control characters it has tabs and line ends only. For a name or a code see :class:`Line`.

    Args:
        min: Fewest characters, after nothing is stripped.
        max: Most characters.
    """

    _refused: ClassVar[re.Pattern[str]] = _CONTROL

    def __init__(self, *, min: int = 0, max: int = 5000, **kwargs: Any) -> None:  # noqa: A002
        bounds = (validate.Length(min=min), validate.Length(max=max))
        super().__init__(validate=_and(bounds, kwargs.pop("validate", None)), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        check_text(text)
        if self._refused.search(text):
            raise ma.ValidationError("Has a character that does not belong here.")
        return text


class Line(Text):
    """Text of one line: no tab or line end, and nothing that turns its reading around."""

    _refused = _NOT_IN_A_LINE


class Password(Text):
    """Text of any characters but those that are none: nobody but its owner ever sees it."""

    _refused = _NOTHING


class Email(fields.Email):
    """An e-mail address of at most 254 characters."""

    def __init__(self, **kwargs: Any) -> None:
        bounds = (validate.Length(max=254),)
        super().__init__(validate=_and(bounds, kwargs.pop("validate", None)), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        check_text(text)
        if _NOT_IN_A_LINE.search(text):
            raise self.make_error("invalid")
        return text


class Integer(fields.Integer):
    """A whole JSON number in a range: neither ``2.9`` nor ``"3"`` nor ``true``.

    In a query string, where everything is text, digits are read.
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
    """``true`` or ``false``, and nothing that merely resembles them."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and getattr(self.root, "reads_text", False):
            value = {"true": True, "false": False}.get(value, value)
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Uuid(fields.UUID):
    """A UUID in its canonical text."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _UUID.fullmatch(value):
            raise self.make_error("invalid_uuid")
        return UUID(value)


class Instant(fields.AwareDateTime):
    """RFC 3339 time with an offset in; UTC with ``Z`` and milliseconds out.

    Years are bounded: a time at the edge of the calendar, once stored, could not be moved to
    another offset, and every list with it would fail.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = value.upper() if isinstance(value, str) else ""
        if not _RFC_3339.fullmatch(text):
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        instant = super()._deserialize(text, *args, **kwargs)
        if not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise ma.ValidationError(f"Must be between the years {FIRST_YEAR} and {LAST_YEAR}.")
        return instant.astimezone(UTC)

    def _serialize(self, value: Any, *args: Any, **kwargs: Any) -> str | None:
        return None if value is None else render_instant(value)


def render_instant(value: datetime) -> str:
    """Return an aware time as RFC 3339 UTC text with milliseconds: ``2026-01-02T03:04:05.678Z``."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Metadata(fields.Dict):
    """Free data of the client's own: at most 50 keys of 40 characters, texts of 500."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            keys=Text(min=1, max=40),
            values=Text(max=500),
            validate=validate.Length(max=50),
            **kwargs,
        )

    def deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        """Read the data; each mistake is at its key."""
        try:
            return super().deserialize(value, *args, **kwargs)
        except ma.ValidationError as error:
            raise ma.ValidationError(_by_key(error.messages)) from error


class Listed(DelimitedList):
    """Values in one query parameter, with commas between them: ``status=open,completed``.

    Args:
        inner: The field of one value.
        max: Most values.
    """

    def __init__(
        self,
        inner: fields.Field[Any] | type[fields.Field[Any]],
        *,
        max: int = 100,  # noqa: A002
        **kwargs: Any,
    ) -> None:
        bounds = (validate.Length(min=1), validate.Length(max=max))
        super().__init__(inner, validate=_and(bounds, kwargs.pop("validate", None)), **kwargs)


class Schema(FlaskSchema):
    """Base of input schemas: unknown fields are refused, every text is one a database can hold.

    Set ``makes`` to a dataclass to load into it; else a plain dict is loaded.
    """

    makes: ClassVar[type[Any] | None] = None

    class Meta:
        """Refuse what is not listed."""

        unknown = ma.RAISE

    @ma.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> Any:
        return data if self.makes is None else self.makes(**data)


class QuerySchema(Schema):
    """Base of schemas for query strings, where numbers and booleans arrive as text."""

    reads_text = True


class _Converter(ModelConverter):
    """Reads our column types as our fields."""

    SQLA_TYPE_MAPPING = {  # noqa: RUF012 - the name marshmallow-sqlalchemy reads
        **ModelConverter.SQLA_TYPE_MAPPING,
        UtcDateTime: Instant,
    }


class ModelSchema(SQLAlchemyAutoSchema):
    """Base of output schemas, read off ``Meta.model``; ``Meta.fields`` lists what is published.

    ``sometimes`` names the fields that a hook may leave out of an answer.
    """

    sometimes: ClassVar[tuple[str, ...]] = ()

    class Meta:
        """Read columns as our fields, and never load into a model."""

        model_converter = _Converter
        load_instance = False
        include_fk = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse an output schema that does not list its fields."""
        super().__init_subclass__(**kwargs)
        if not getattr(cls.Meta, "fields", None):
            raise TypeError(f"{cls.__name__}.Meta must list its fields")


class FieldErrorSchema(ma.Schema):
    """One mistake of the input."""

    pointer = fields.String(required=True, metadata={"description": "RFC 6901"})
    code = fields.String(required=True)
    detail = fields.String(required=True)


class ProblemSchema(ma.Schema):
    """RFC 9457 problem document: what every refusal looks like."""

    type = fields.Url(required=True, relative=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    instance = fields.String()
    code = fields.String(required=True, metadata={"description": "Machine word; never changes"})
    request_id = fields.String()
    errors = fields.List(
        fields.Nested(FieldErrorSchema),
        metadata={"description": "Mistakes of the input, for status 422"},
    )


def _and(bounds: tuple[Any, ...], others: Any) -> list[Any]:
    """Put the validators of a field beside our bounds; each bound apart, so errors name one."""
    if others is None:
        return [*bounds]
    return [*bounds, *(others if isinstance(others, (list, tuple)) else [others])]


def _by_key(messages: Any) -> Any:
    """Drop the level that says whether the key or its value is wrong: no pointer leads there."""
    if not isinstance(messages, Mapping):
        return messages
    return {
        key: [message for side in sides.values() for message in side]
        for key, sides in messages.items()
    }
