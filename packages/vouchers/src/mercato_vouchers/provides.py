"""The provider of the contract ``discounts``: services under the names of the contract."""

from mercato_vouchers import services


class VoucherDiscounts:
    """Implements :class:`mercato_contracts.discounts.Discounts` on this feature's tables."""

    quote = staticmethod(services.quote_vouchers)
    redeem = staticmethod(services.redeem_vouchers)
    give_back = staticmethod(services.give_back_vouchers)
