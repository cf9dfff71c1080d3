"""JSON schemas of vouchers."""

from typing import Any

from marshmallow import fields, validate

from mercato_contracts.baskets import PPM
from mercato_contracts.money import EXPONENTS
from mercato_kit.db import MAX_SAFE_INTEGER
from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import (
    Boolean,
    Dict,
    Instant,
    Integer,
    Line,
    List,
    Metadata,
    ModelSchema,
    Schema,
    Text,
    Uuid,
    not_blank,
)
from mercato_kit.text import canonical_code
from mercato_vouchers.models import CODE_LENGTH, KINDS, Redemption, Voucher
from mercato_vouchers.values import NewVoucher

_MOST_IDS = 100
_MOST_USES = 2**31 - 1


class Code(Line):
    """A code, loaded in the form in which codes are compared."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min=1, max=CODE_LENGTH, **kwargs)

    def _normalized(self, value: Any) -> Any:
        text = super()._normalized(value)
        return canonical_code(text) if isinstance(text, str) else text


class Amounts(Dict):
    """Minor units by currency."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            keys=Text(max=3, validate=validate.OneOf(sorted(EXPONENTS))),
            values=Integer(min=1, max=MAX_SAFE_INTEGER),
            max=len(EXPONENTS),
            **kwargs,
        )


class Ids(List):
    """Ids of other features, as text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Uuid(), max=_MOST_IDS, **kwargs)

    def _deserialize(self, value: Any, *args: Any, **kwargs: Any) -> Any:
        return [str(one) for one in super()._deserialize(value, *args, **kwargs)]


class _ChangeableSchema(Schema):
    """What can be changed of a voucher."""

    ppm = Integer(min=1, max=PPM)
    amounts = Amounts()
    minimum_amounts = Amounts()
    at_most_amounts = Amounts()
    product_ids = Ids()
    category_ids = Ids()
    valid_from = Instant(allow_none=True)
    valid_until = Instant(allow_none=True)
    max_redemptions = Integer(min=1, max=_MOST_USES, allow_none=True)
    max_redemptions_per_customer = Integer(min=1, max=100, allow_none=True)
    combinable = Boolean()
    metadata = Metadata(attribute="metadata_")


class NewVoucherSchema(_ChangeableSchema):
    """A voucher to create."""

    makes = NewVoucher

    name = Line(required=True, max=200, validate=not_blank)
    kind = Text(required=True, max=20, validate=validate.OneOf(KINDS))
    code = Code(allow_none=True)
    customer_id = Uuid(allow_none=True)


class VoucherChangesSchema(_ChangeableSchema):
    """Changes of a voucher. Its code, kind and customer stay."""

    name = Line(max=200, validate=not_blank)


class VoucherQuerySchema(ListQuerySchema):
    """Filters of the list."""

    code = Code()
    archived = Boolean()


class RedemptionQuerySchema(ListQuerySchema):
    """A page of the redemptions of a voucher."""


class VoucherSchema(ModelSchema):
    """A discount for customers who enter its code; for everybody if it has none."""

    amounts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    minimum_amounts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    at_most_amounts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    product_ids = fields.List(fields.UUID(), required=True)
    category_ids = fields.List(fields.UUID(), required=True)
    metadata = fields.Dict(keys=fields.String(), attribute="metadata_", required=True)

    class Meta(ModelSchema.Meta):
        model = Voucher
        fields = (
            "id",
            "code",
            "name",
            "kind",
            "ppm",
            "amounts",
            "minimum_amounts",
            "at_most_amounts",
            "product_ids",
            "category_ids",
            "customer_id",
            "valid_from",
            "valid_until",
            "max_redemptions",
            "max_redemptions_per_customer",
            "combinable",
            "archived_at",
            "metadata",
            "version",
            "created_at",
            "updated_at",
        )


class RedemptionSchema(ModelSchema):
    """The use of a voucher by an order."""

    class Meta(ModelSchema.Meta):
        model = Redemption
        fields = (
            "id",
            "reference",
            "customer_id",
            "amount",
            "currency",
            "created_at",
            "canceled_at",
        )


VoucherListSchema = page_of(VoucherSchema)
VoucherRedemptionListSchema = page_of(RedemptionSchema)
