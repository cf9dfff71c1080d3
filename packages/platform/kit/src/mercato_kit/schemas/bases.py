"""Bases of schemas: strict input, and output derived from models."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import marshmallow as ma
from flask_marshmallow import Schema as FlaskSchema
from flask_marshmallow.sqla import SQLAlchemyAutoSchema
from marshmallow.schema import SchemaMeta
from marshmallow_sqlalchemy import ModelConverter

from mercato_kit.db import UtcDateTime
from mercato_kit.schemas.fields import Instant, is_unbounded
from mercato_kit.schemas.messages import UNKNOWN_FIELD, WRONG_TYPE, Message, carry_codes


class _BoundedMeta(SchemaMeta):
    """Refuses to define an input schema with a collection that has no maximum."""

    def __init__(self, name: str, bases: tuple[type, ...], members: dict[str, Any]) -> None:
        super().__init__(name, bases, members)  # type: ignore[no-untyped-call]
        for key, field in self._declared_fields.items():
            if is_unbounded(field):
                raise TypeError(
                    f"{name}.{key} has no maximum: use List(…, max=…) or Dict(…, max=…) "
                    "of mercato_kit.schemas"
                )


class Schema(FlaskSchema, metaclass=_BoundedMeta):
    """Base of input schemas: unknown fields and collections without a maximum are refused.

    Set ``makes`` to a dataclass to load into it; the default is a dict. Set ``max_items`` if a body
    is a list of it: ``arguments(PartSchema(many=True))``.
    """

    makes: ClassVar[type[Any] | None] = None
    max_items: ClassVar[int] = 0
    error_messages = {"unknown": UNKNOWN_FIELD, "type": WRONG_TYPE}  # noqa: RUF012 - marshmallow's

    class Meta:
        """Refuse unknown fields."""

        unknown = ma.RAISE

    def load(self, data: Any, *, many: bool | None = None, **options: Any) -> Any:
        """Load *data*. The items of a list are counted before they are read."""
        # A hook would be called for each object of a body.
        if isinstance(data, list) and (self.many if many is None else many):
            self._count_items(data)
        return super().load(data, many=many, **options)

    def __deepcopy__(self, _memo: Mapping[int, Any]) -> Self:
        """Return the schema itself: flask-smorest copies it for each decorator of a view."""
        return self

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Let the messages of the field carry the codes of its rules."""
        super().on_bind_field(field_name, field_obj)
        carry_codes(field_obj)

    def _count_items(self, data: list[Any]) -> None:
        if len(data) > self.max_items:
            too_many = Message(f"Longer than maximum length {self.max_items}.", "max_length")
            raise ma.ValidationError({"_schema": [too_many]})

    @ma.post_load
    def _make(self, data: dict[str, Any], **_kwargs: Any) -> Any:
        return data if self.makes is None else self.makes(**data)


class QuerySchema(Schema):
    """Base of schemas of query strings, where numbers and booleans are text."""

    reads_text = True


class _Converter(ModelConverter):
    """Maps our column types to our fields."""

    SQLA_TYPE_MAPPING = {  # noqa: RUF012 - the name marshmallow-sqlalchemy reads
        **ModelConverter.SQLA_TYPE_MAPPING,
        UtcDateTime: Instant,
    }


class ModelSchema(SQLAlchemyAutoSchema):
    """Base of output schemas, derived from ``Meta.model`` with the fields in ``Meta.fields``.

    ``sometimes`` lists fields that a hook may omit from a response.
    """

    sometimes: ClassVar[tuple[str, ...]] = ()

    class Meta:
        """Map columns to our fields, and never load into a model."""

        model_converter = _Converter
        load_instance = False
        include_fk = True

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse an output schema without a list of fields."""
        super().__init_subclass__(**kwargs)
        if not getattr(cls.Meta, "fields", None):
            raise TypeError(f"{cls.__name__}.Meta must list its fields")

    def __deepcopy__(self, _memo: Mapping[int, Any]) -> Self:
        """Return the schema itself: flask-smorest copies it for each decorator of a view."""
        return self
