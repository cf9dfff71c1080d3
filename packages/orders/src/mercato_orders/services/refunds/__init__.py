"""Give money back: by amount, by line, or all that is left."""

from mercato_orders.services.refunds.calls import ask_refund, call_refund, try_refund
from mercato_orders.services.refunds.claims import Claimed, check_part, claim_refund, write_lines
from mercato_orders.services.refunds.requests import RefundRequest
from mercato_orders.services.refunds.rests import Rest, rest_of
from mercato_orders.services.refunds.settlement import merge_refunds, settle_refund

__all__ = [
    "Claimed",
    "RefundRequest",
    "Rest",
    "ask_refund",
    "call_refund",
    "check_part",
    "claim_refund",
    "merge_refunds",
    "rest_of",
    "settle_refund",
    "try_refund",
    "write_lines",
]
