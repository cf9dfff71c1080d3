"""What the feature holds of a person: nothing. Rates are the shop's."""

from mercato_kit.privacy import PersonalData, columns
from mercato_taxes.models import Rate

PERSONAL_DATA = PersonalData(
    columns=columns(
        none=[
            Rate.country,
            Rate.region,
            Rate.tax_code,
            Rate.code,
            Rate.label,
            Rate.reason,
            Rate.metadata_,
        ]
    )
)
