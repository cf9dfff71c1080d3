"""JSON schemas of shipping, and the rows of imported files."""

from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from mercato_contracts.countries import COUNTRIES
from mercato_contracts.money import EXPONENTS
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.http import ListQuerySchema
from mercato_kit.schemas import (
    Integer,
    Line,
    List,
    Message,
    Metadata,
    ModelSchema,
    QuerySchema,
    Schema,
    StandardCode,
    Text,
    not_blank,
)
from mercato_shipping.models import Area, Method, Rate, Zone
from mercato_shipping.values import NewArea, NewMethod, NewRate, NewZone

MOST_AREAS, MOST_METHODS, MOST_RATES = 1_000, 50, 500
MOST_GRAMS = 100_000_000

_NO_AREA = Message("Not an area, such as DE, DE-18 or *.", "format")


class Country(StandardCode):
    """A code of ISO 3166-1 alpha-2, XK, or an asterisk."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__({"*", *COUNTRIES}, "ISO 3166-1 alpha-2", "XK, or *", **kwargs)


class PostalPrefix(Text):
    """The first letters and digits of postal codes."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = validate.Regexp(
            r"[A-Z0-9]*\Z", error="Not the beginning of a postal code: use A-Z and 0-9 only."
        )
        super().__init__(max=10, validate=pattern, **kwargs)


class Code(Text):
    """A code in URLs and orders."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = validate.Regexp(
            r"[a-z0-9]+([-_][a-z0-9]+)*\Z",
            error="Not a valid code: use a-z, 0-9, and single hyphens and underscores.",
        )
        super().__init__(min=1, max=50, validate=pattern, **kwargs)


class TaxCode(Text):
    """A tax code of visible ASCII characters, with spaces only inside."""

    def __init__(self, **kwargs: Any) -> None:
        pattern = validate.Regexp(
            r"[!-~]([ -~]*[!-~])?\Z",
            error="Not a valid code: use visible ASCII characters, without spaces at the ends.",
        )
        super().__init__(min=1, max=50, validate=pattern, **kwargs)


class Label(Line):
    """A name that is not blank."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=1, max=100, validate=not_blank, **kwargs)


class Currency(StandardCode):
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(EXPONENTS, "ISO 4217", **kwargs)


class Amount(Integer):
    """An amount of money in minor units, 0 or more."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=0, max=MAX_SAFE_INTEGER, **kwargs)


class Days(Integer):
    """Days until delivery."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=0, max=365, **kwargs)


class AreaInputSchema(Schema):
    """A country, or the postal codes of one that begin alike."""

    makes = NewArea

    country = Country(required=True)
    postal_prefix = PostalPrefix()


class RateInputSchema(Schema):
    """A price, and which baskets it is for."""

    makes = NewRate

    currency = Currency(required=True)
    amount = Amount(required=True)
    from_amount = Amount()
    up_to_grams = Integer(min=1, max=MOST_GRAMS, allow_none=True)


class MethodInputSchema(Schema):
    """A way to send goods into the zone."""

    makes = NewMethod

    code = Code(required=True)
    label = Label(required=True)
    tax_code = TaxCode(allow_none=True)
    days_min = Days(allow_none=True)
    days_max = Days(allow_none=True)
    rates = List(fields.Nested(RateInputSchema), required=True, max=MOST_RATES)


class ZoneInputSchema(Schema):
    """A zone with all its areas, methods and rates."""

    makes = NewZone

    code = Code(required=True)
    areas = List(fields.Nested(AreaInputSchema), required=True, min=1, max=MOST_AREAS)
    methods = List(fields.Nested(MethodInputSchema), required=True, max=MOST_METHODS)
    metadata = Metadata(attribute="metadata_")


class ZoneQuerySchema(ListQuerySchema):
    """Filters and sort order of the list of zones."""

    sorts = ("code", "created_at")
    default_sort = "code"

    code = Code()


class AreaSchema(ModelSchema):
    """A country, or the postal codes of one that begin alike."""

    class Meta(ModelSchema.Meta):
        model = Area
        fields = ("country", "postal_prefix")


class RateSchema(ModelSchema):
    """A price, and which baskets it is for."""

    class Meta(ModelSchema.Meta):
        model = Rate
        fields = ("currency", "amount", "from_amount", "up_to_grams")


class MethodSchema(ModelSchema):
    """A way to send goods into the zone."""

    rates = fields.List(fields.Nested(RateSchema), required=True)

    class Meta(ModelSchema.Meta):
        model = Method
        fields = ("code", "label", "tax_code", "days_min", "days_max", "rates")


class ZoneSchema(ModelSchema):
    """A zone with all its areas, methods and rates."""

    areas = fields.List(fields.Nested(AreaSchema), required=True)
    methods = fields.List(fields.Nested(MethodSchema), required=True)
    metadata = fields.Dict(keys=fields.String(), attribute="metadata_", required=True)

    class Meta(ModelSchema.Meta):
        model = Zone
        fields = (
            "id",
            "code",
            "areas",
            "methods",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )


class Areas(fields.Field[list[NewArea]]):
    """Areas between spaces: ``DE FR-98 *``."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> list[NewArea]:
        schema = AreaInputSchema()
        found = []
        for word in str(value).split():
            country, _, prefix = word.partition("-")
            try:
                found.append(schema.load({"country": country, "postal_prefix": prefix}))
            except ma.ValidationError as error:
                raise ma.ValidationError(f"{word!r}: {_NO_AREA}") from error
            if country == "*" and prefix:
                raise ma.ValidationError(f"{word!r}: {_NO_AREA}")
        return sorted(set(found))


class RateRowSchema(QuerySchema):
    """A row of an imported file: a rate with its method and its zone, or a zone without methods."""

    zone = Code(required=True)
    areas = Areas(required=True)
    method = Code()
    label = Label()
    tax_code = TaxCode()
    days_min = Days()
    days_max = Days()
    currency = Currency()
    from_amount = Amount()
    up_to_grams = Integer(min=1, max=MOST_GRAMS)
    amount = Amount()

    @ma.validates_schema(skip_on_field_errors=True)
    def _has_a_whole_rate(self, data: dict[str, Any], **_kwargs: Any) -> None:
        needed = ("method", "label", "currency", "amount")
        missing = [name for name in needed if name not in data]
        if missing and data.keys() - {"zone", "areas"}:
            raise ma.ValidationError({name: ["Missing for a rate."] for name in missing})
        if data.get("days_max", 365) < data.get("days_min", 0):
            raise ma.ValidationError("Must not be below days_min.", "days_max")
