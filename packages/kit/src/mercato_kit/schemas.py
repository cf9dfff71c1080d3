"""Strict JSON, in and out, on Flask-Marshmallow.

Input schemas are written by hand, field by field. Output schemas are read off the model, with
their fields listed, so a new column is never published by accident.
"""

import re
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

from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.db import UtcDateTime

T = TypeVar("T")

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_WHOLE = re.compile(r"-?[0-9]{1,16}", re.ASCII)
_YEARS = range(1900, 2300)


def check_text(text: str) -> None:
    """Refuse text that a database cannot hold.

    Raises:
        marshmallow.ValidationError: It has a NUL or half a surrogate pair.
    """
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ma.ValidationError("Has a character that is not text.")


class Text(fields.String):
    """Text of bounded length that every database can hold.

    Args:
        min: Fewest characters, after nothing is stripped.
        max: Most characters.
    """

    def __init__(self, *, min: int = 0, max: int = 5000, **kwargs: Any) -> None:  # noqa: A002
        length = validate.Length(min=min, max=max)
        super().__init__(validate=_and(length, kwargs.pop("validate", None)), **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        check_text(text)
        return text


class Email(fields.Email):
    """An e-mail address of at most 254 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            validate=_and(validate.Length(max=254), kwargs.pop("validate", None)), **kwargs
        )

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        text = super()._deserialize(value, *args, **kwargs)
        check_text(text)
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
        bounds = validate.Range(min=min, max=max)
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
    """RFC 3339 time with an offset in; UTC with ``Z`` and milliseconds out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str) or "T" not in value.upper():
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        instant = super()._deserialize(value, *args, **kwargs)
        if instant.year not in _YEARS:
            raise ma.ValidationError(f"Must be between the years {_YEARS.start} and {_YEARS.stop}.")
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
    """Base of output schemas, read off ``Meta.model``; ``Meta.fields`` lists what is published."""

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


def _and(first: Any, second: Any) -> Any:
    if second is None:
        return first
    return validate.And(first, *(second if isinstance(second, (list, tuple)) else [second]))
