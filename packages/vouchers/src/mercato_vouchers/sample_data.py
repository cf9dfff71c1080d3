"""Sample data: three vouchers."""

from typing import Any

import sqlalchemy as sa

from mercato_kit.db import session
from mercato_vouchers import services
from mercato_vouchers.models import Voucher
from mercato_vouchers.values import NewVoucher

VOUCHERS = (
    NewVoucher(
        name="10 % off your first order",
        kind="percent",
        code="WELCOME10",
        ppm=100_000,
        max_redemptions_per_customer=1,
    ),
    NewVoucher(
        name="5 off 50 or more",
        kind="amount",
        code="FIVER",
        amounts={"EUR": 500, "USD": 500},
        minimum_amounts={"EUR": 5_000, "USD": 5_000},
        max_redemptions=100,
    ),
    NewVoucher(name="Free shipping", kind="free_shipping", code="SHIPFREE"),
)


def make_sample_data(_samples: dict[str, list[Any]]) -> list[str]:
    """Create three vouchers.

    Returns:
        A summary with the codes; empty if there are vouchers already.
    """
    if session.scalar(sa.select(Voucher.id).limit(1)):
        return []
    codes = [services.create_voucher(new).code for new in VOUCHERS]
    return [f"{len(codes)} vouchers: {', '.join(map(str, codes))}"]
