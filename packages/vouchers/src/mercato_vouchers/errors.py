"""Problems of vouchers."""

from mercato_kit.errors import Conflict


class CodeTaken(Conflict):
    """Another voucher has the code; it may be archived."""

    code = "code_taken"
    title = "This code is already in use"


class LimitBelowRedemptions(Conflict):
    """The voucher was redeemed more often than the new limit allows."""

    code = "limit_below_redemptions"
    title = "The voucher was redeemed more often already"
