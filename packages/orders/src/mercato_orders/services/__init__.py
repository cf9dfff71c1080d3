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
from mercato_orders.services.payments import pay_order, settle_payment, start_payment
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
    "Inquiry",
    "PlacedOnce",
    "Quotation",
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
    "pay_order",
    "place_once",
    "place_order",
    "prepare",
    "prepare_order",
    "prepare_quote",
    "quote",
    "quote_order",
    "read_orders",
    "settle_payment",
    "settle_refund",
    "show_order",
    "start_cancellation",
    "start_payment",
    "start_refund",
    "try_refund",
]
