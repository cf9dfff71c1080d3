"""The provider of the contract ``taxes``."""

from mercato_taxes import services


class RateTaxes:
    """Implements :class:`mercato_contracts.taxes.Taxes` with the rates of this feature's table."""

    assess = staticmethod(services.assess_basket)
