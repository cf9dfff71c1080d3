"""What is shown of taxes: one statement each."""

import sqlalchemy as sa

from mercato_kit.views import View, any_of
from mercato_taxes.models import Rate
from mercato_taxes.schemas import RateSchema

RATES = View(
    RateSchema,
    filters={
        "id": Rate.id == sa.bindparam("id"),
        "country": any_of(Rate.country, "country"),
        "tax_code": any_of(Rate.tax_code, "tax_code"),
        "region": any_of(Rate.region, "region"),
    },
    sorts={"country": Rate.country, "created_at": Rate.created_at},
    id=Rate.id,
)
