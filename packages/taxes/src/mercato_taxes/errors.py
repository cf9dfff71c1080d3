"""Problems of taxes."""

from mercato_kit.errors import Conflict


class RateExists(Conflict):
    """There is a rate with the same country, region, tax code, code and first moment."""

    code = "tax_rate_exists"
    title = "There is such a rate already"


class NoTaxRate(Conflict):
    """No rate is known for an address at which tax has to be charged."""

    code = "no_tax_rate"
    title = "The tax for this address is not known"

    def __init__(self, country: str, tax_code: str) -> None:
        super().__init__(f"There is no rate for {tax_code!r} in {country}.")
