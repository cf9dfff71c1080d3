"""Services of orders. They take plain values, return models and never commit."""

from mercato_orders.services.cancellations import cancel_rest, start_cancellation
from mercato_orders.services.changes import change_order
from mercato_orders.services.checkout import PlacedOnce, place_once, place_order
from mercato_orders.services.claims import claim_order
from mercato_orders.services.expiry import expire_order, expire_unpaid_orders
from mercato_orders.services.exports import count_orders, read_orders
from mercato_orders.services.give_backs import give_back_pending
from mercato_orders.services.inquiry import Inquiry
from mercato_orders.services.notes import add_note
from mercato_orders.services.payments.attempts import Attempt
from mercato_orders.services.payments.captures import CaptureRequest
from mercato_orders.services.payments.closures import VoidRequest
from mercato_orders.services.payments.settlement import settle
from mercato_orders.services.preparation import prepare, prepare_order, prepare_quote
from mercato_orders.services.queries import (
    find_order,
    find_payment,
    find_refund,
    list_events,
    list_orders,
    list_payments,
    list_refunds,
    lock_order,
    show_order,
)
from mercato_orders.services.quotes import Quotation, quote, quote_order
from mercato_orders.services.records import find_bought, find_records
from mercato_orders.services.refunds import (
    call_refund,
    settle_refund,
    start_refund,
    try_refund,
)

__all__ = [
    "Attempt",
    "CaptureRequest",
    "Inquiry",
    "PlacedOnce",
    "Quotation",
    "VoidRequest",
    "add_note",
    "call_refund",
    "cancel_rest",
    "change_order",
    "claim_order",
    "count_orders",
    "expire_order",
    "expire_unpaid_orders",
    "find_bought",
    "find_order",
    "find_payment",
    "find_records",
    "find_refund",
    "give_back_pending",
    "list_events",
    "list_orders",
    "list_payments",
    "list_refunds",
    "lock_order",
    "place_once",
    "place_order",
    "prepare",
    "prepare_order",
    "prepare_quote",
    "quote",
    "quote_order",
    "read_orders",
    "settle",
    "settle_refund",
    "show_order",
    "start_cancellation",
    "start_refund",
    "try_refund",
]
