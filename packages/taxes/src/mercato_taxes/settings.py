"""Settings of taxes."""

from typing import Annotated, Literal

from msgspec import Meta, field

from mercato_contracts.countries import COUNTRIES
from mercato_kit.settings import Settings, WrongSetting
from mercato_taxes.tax_ids import country_of


class TaxesSettings(Settings, frozen=True, kw_only=True):
    """Settings of the feature, in ``[features.taxes.settings]``."""

    country: Annotated[
        str, Meta(examples=["DE"], description="Country of the shop (ISO 3166-1 alpha-2)")
    ]
    prices_include_tax: Annotated[bool, Meta(description="Whether listed prices contain tax")] = (
        True
    )
    default_tax_code: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=50,
            description="Tax code of what has none, or one that a country has no rate for",
        ),
    ] = "standard"
    exempt_tax_codes: Annotated[
        list[str], Meta(description="Tax codes that are never taxed, such as that of gift cards")
    ] = field(default_factory=list)
    rounding: Annotated[
        Literal["line", "rate"], Meta(description="Round tax for each line, or once for each rate")
    ] = "line"
    tax_id: Annotated[
        str | None,
        Meta(description="VAT id of the shop; without it nothing is sold by reverse charge"),
    ] = None
    one_stop_shop: Annotated[
        bool,
        Meta(description="Charge the rates of the customer's country in all of the EU (OSS)"),
    ] = False
    registrations: Annotated[
        list[str],
        Meta(description="Other countries, or regions (`US-CA`), where the shop charges tax"),
    ] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Check that the countries exist, and the VAT id."""
        if self.country not in COUNTRIES:
            raise WrongSetting("country", f"{self.country!r} is not an ISO 3166-1 alpha-2 code")
        for place in self.registrations:
            if place.partition("-")[0] not in COUNTRIES or place.upper() != place:
                what = "expected codes of countries, or of regions such as US-CA"
                raise WrongSetting("registrations", what)
        if self.tax_id is not None and country_of(self.tax_id) != self.country:
            raise WrongSetting("tax_id", f"expected a valid VAT id of {self.country}")
