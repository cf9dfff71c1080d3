import pytest

from mercato_orders.states import payment_status


class TestPaymentStatus:
    @pytest.mark.parametrize(
        ("statuses", "paid", "refunded", "expected"),
        [
            ([], 0, 0, "unpaid"),
            (["failed", "processing"], 0, 0, "unpaid"),
            (["failed", "authorized"], 0, 0, "authorized"),
            (["failed", "captured"], 500, 0, "paid"),
            (["captured"], 0, 0, "paid"),
            (["captured"], 500, 200, "partially_refunded"),
            (["captured"], 500, 500, "refunded"),
            (["refund_due"], 0, 0, "unpaid"),
        ],
    )
    def test_it_follows_from_payments(self, statuses, paid, refunded, expected):
        """Captured and refunded amounts decide the payment status."""
        assert payment_status(statuses, amount_paid=paid, amount_refunded=refunded) == expected
