"""What the feature holds of a person: nothing. Zones and rates are the shop's."""

from mercato_kit.privacy import PersonalData, columns
from mercato_shipping.models import Area, Method, Rate, Zone

PERSONAL_DATA = PersonalData(
    columns=columns(
        none=[
            Zone.code,
            Zone.metadata_,
            Area.country,
            Area.postal_prefix,
            Method.code,
            Method.label,
            Method.tax_code,
            Rate.currency,
        ]
    )
)
