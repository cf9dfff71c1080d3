"""The address book in JSON."""

from mercato_contracts.countries import COUNTRIES
from mercato_kit.http import ListQuerySchema, page_of
from mercato_kit.schemas import Boolean, Line, ModelSchema, Schema, StandardCode, not_blank
from mercato_users.models import Address
from mercato_users.schemas.fields import is_phone


class _AddressFields(Schema):
    """What an address consists of."""

    line2 = Line(max=200, allow_none=True, validate=not_blank)
    region = Line(max=100, allow_none=True, validate=not_blank)
    postal_code = Line(max=20, allow_none=True, validate=not_blank)
    phone_number = Line(
        max=20, allow_none=True, validate=is_phone, metadata={"description": "E.164"}
    )
    is_default_shipping = Boolean()
    is_default_billing = Boolean()


def _country(**options: bool) -> StandardCode:
    return StandardCode(COUNTRIES, "ISO 3166-1 alpha-2", "or XK", **options)


class NewAddressSchema(_AddressFields):
    """An address to add."""

    name = Line(max=200, required=True, validate=not_blank)
    line1 = Line(max=200, required=True, validate=not_blank)
    city = Line(max=100, required=True, validate=not_blank)
    country = _country(required=True)


class AddressChangesSchema(_AddressFields):
    """Changes of an address."""

    name = Line(max=200, validate=not_blank)
    line1 = Line(max=200, validate=not_blank)
    city = Line(max=100, validate=not_blank)
    country = _country()


class AddressSchema(ModelSchema):
    """An address of the address book."""

    class Meta(ModelSchema.Meta):
        model = Address
        fields = (
            "id",
            "name",
            "line1",
            "line2",
            "city",
            "region",
            "postal_code",
            "country",
            "phone_number",
            "is_default_shipping",
            "is_default_billing",
            "version",
            "created_at",
            "updated_at",
        )


AddressListSchema = page_of(AddressSchema)


class AddressListQuerySchema(ListQuerySchema):
    """The list of addresses."""
