"""The provider of the contract ``shipping``."""

from mercato_shipping import services


class ZoneShipping:
    """Implements :class:`mercato_contracts.shipping.Shipping` with this feature's zones."""

    methods = staticmethod(services.offer_methods)
