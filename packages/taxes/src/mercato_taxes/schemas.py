"""JSON schemas of taxes, and the rows of imported files."""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from mercato_contracts.countries import COUNTRIES
from mercato_contracts.taxes import HIGHEST_RATE
from mercato_kit.http import ListQuerySchema
from mercato_kit.schemas import (
    Instant,
    Integer,
    Line,
    Listed,
    Metadata,
    ModelSchema,
    QuerySchema,
    Schema,
    StandardCode,
    Text,
    not_blank,
)
from mercato_taxes.models import Rate
from mercato_taxes.values import NewRate

PPM_OF_PERCENT = 10_000

_PERCENT = re.compile(r"[0-9]{1,4}([.,][0-9]{1,4})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Country(StandardCode):
    """A code of ISO 3166-1 alpha-2, or XK."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(COUNTRIES, "ISO 3166-1 alpha-2", "or XK", **kwargs)


class Region(Line):
    """A region in upper case, such as the part of ISO 3166-2 after the country."""

    def __init__(self, min: int = 0, **kwargs: Any) -> None:  # noqa: A002
        pattern = validate.Regexp(
            r"(\S(.*\S)?)?\Z", error="Not a valid region: remove white space at the ends."
        )
        super().__init__(min=min, max=50, validate=pattern, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return super()._deserialize(value, *args, **kwargs).upper()


class Code(Text):
    """A code of visible ASCII characters, with spaces only inside."""

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


class Reason(Text):
    """Why a rate applies."""

    def __init__(self, **kwargs: Any) -> None:
        known = validate.OneOf(["standard", "reduced", "zero", "exempt"])
        super().__init__(max=8, validate=known, **kwargs)


class Percent(fields.Field[int]):
    """A percentage with up to four decimals, loaded as parts per million."""

    def _deserialize(self, value: Any, *_args: Any, **_kwargs: Any) -> int:
        if not isinstance(value, str) or not _PERCENT.fullmatch(value):
            raise ma.ValidationError("Not a percentage, such as 19 or 5.5.")
        ppm = int(Decimal(value.replace(",", ".")) * PPM_OF_PERCENT)
        if ppm > HIGHEST_RATE:
            raise ma.ValidationError(f"Must be at most {HIGHEST_RATE // PPM_OF_PERCENT}.")
        return ppm


class Day(Instant):
    """A time, or a day that stands for its start in UTC."""

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and _DAY.fullmatch(value):
            value = f"{value}T00:00:00Z"
        return super()._deserialize(value, *args, **kwargs)


class NewRateSchema(Schema):
    """A rate to create."""

    makes = NewRate

    country = Country(required=True)
    region = Region()
    tax_code = Code(required=True)
    code = Code(required=True)
    label = Label(required=True)
    ppm = Integer(required=True, min=0, max=HIGHEST_RATE)
    reason = Reason()
    valid_from = Instant(required=True)
    valid_until = Instant(allow_none=True)
    metadata = Metadata(attribute="metadata_")


class RateChangesSchema(Schema):
    """Changes of a rate; absent fields stay unchanged."""

    label = Label()
    ppm = Integer(min=0, max=HIGHEST_RATE)
    reason = Reason()
    valid_until = Instant(allow_none=True)
    metadata = Metadata(attribute="metadata_")


class RateRowSchema(QuerySchema):
    """A row of an imported file."""

    makes = NewRate

    country = Country(required=True)
    region = Region()
    tax_code = Code(required=True)
    code = Code(required=True)
    label = Label(required=True)
    percent = Percent(required=True, attribute="ppm")
    reason = Reason()
    valid_from = Day(required=True)
    valid_until = Day()


class RateQuerySchema(ListQuerySchema):
    """Filters and sort order of the list of rates."""

    sorts = ("country", "created_at")
    default_sort = "country"

    country = Listed(Country())
    region = Listed(Region(min=1), max=20)
    tax_code = Listed(Code(), max=20)


class RateSchema(ModelSchema):
    """The rate of one tax for a tax code in a country or region."""

    metadata = fields.Dict(keys=fields.String(), attribute="metadata_", required=True)

    class Meta(ModelSchema.Meta):
        model = Rate
        fields = (
            "id",
            "country",
            "region",
            "tax_code",
            "code",
            "label",
            "ppm",
            "reason",
            "valid_from",
            "valid_until",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )


def row_of(rate: Rate) -> dict[str, Any]:
    """Return a rate as a row of a file."""
    percent = Decimal(rate.ppm) / PPM_OF_PERCENT
    return {
        **{name: getattr(rate, name) for name in ("country", "region", "tax_code", "code")},
        "label": rate.label,
        "percent": f"{percent:f}",
        "reason": rate.reason,
        "valid_from": _day(rate.valid_from),
        "valid_until": rate.valid_until and _day(rate.valid_until),
    }


def _day(at: datetime) -> str:
    text = at.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return text.removesuffix("T00:00:00Z")
