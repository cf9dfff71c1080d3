"""Services of vouchers. They take plain values, return models and never commit."""

from mercato_vouchers.services.codes import copy_voucher
from mercato_vouchers.services.quotes import quote_vouchers
from mercato_vouchers.services.redemptions import give_back_vouchers, redeem_vouchers
from mercato_vouchers.services.vouchers import (
    archive_voucher,
    create_voucher,
    find_voucher,
    list_redemptions,
    list_vouchers,
    update_voucher,
)

__all__ = [
    "archive_voucher",
    "copy_voucher",
    "create_voucher",
    "find_voucher",
    "give_back_vouchers",
    "list_redemptions",
    "list_vouchers",
    "quote_vouchers",
    "redeem_vouchers",
    "update_voucher",
]
