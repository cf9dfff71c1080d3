"""The provider of the contract ``second_factor``."""

from mercato_mfa import services


class OwnFactors:
    """Implements :class:`mercato_contracts.second_factor.SecondFactor`."""

    methods = staticmethod(services.methods)
    begin = staticmethod(services.begin)
    verify = staticmethod(services.verify)
    remove_all = staticmethod(services.remove_all)
