"""Services of orders. They take plain values, return models and never commit."""

from mercato_orders.services.cancellations import (
    CancelRequest,
    cancel_rest,
)
from mercato_orders.services.changes import (
    change_order,
)
from mercato_orders.services.checkout import (
    PlacedOnce,
    place_once,
    place_order,
)
from mercato_orders.services.claims import (
    claim_order,
)
from mercato_orders.services.endings import (
    announce_expiring,
)
from mercato_orders.services.erasure import (
    ORDER,
    erase_orders,
)
from mercato_orders.services.expiry import (
    expire_order,
    expire_unpaid_orders,
)
from mercato_orders.services.exports import (
    count_orders,
    read_orders,
)
from mercato_orders.services.fulfillments import (
    FulfillmentRequest,
    cancel_fulfillment,
    deliver_fulfillment,
    send_unshippable,
    track_fulfillment,
)
from mercato_orders.services.give_backs import (
    give_back_pending,
)
from mercato_orders.services.guest_requests import (
    Accepted,
    ask_by_email,
    ask_by_order,
    confirm,
    find_request,
    letter_of,
    read_file,
)
from mercato_orders.services.holds import (
    forget_holds,
    read_hold,
)
from mercato_orders.services.inbox import (
    forget_bodies,
    receive_events,
    replay_event,
    settle_events,
)
from mercato_orders.services.inquiry import (
    Inquiry,
)
from mercato_orders.services.notes import (
    add_note,
)
from mercato_orders.services.payments.attempts import (
    Attempt,
)
from mercato_orders.services.payments.captures import (
    CaptureRequest,
)
from mercato_orders.services.payments.closures import (
    VoidRequest,
)
from mercato_orders.services.payments.settlement import (
    settle,
)
from mercato_orders.services.preparation import (
    prepare,
    prepare_order,
    prepare_quote,
)
from mercato_orders.services.queries import (
    find_fulfillment,
    find_order,
    find_payment,
    find_refund,
    list_events,
    list_fulfillments,
    list_orders,
    list_payments,
    list_refunds,
    lock_order,
)
from mercato_orders.services.quotes import (
    Quotation,
    quote,
    quote_order,
)
from mercato_orders.services.reconciler import (
    check_payment,
    reconcile_payments,
)
from mercato_orders.services.records import (
    find_bought,
    find_records,
)
from mercato_orders.services.refunds import (
    RefundRequest,
    call_refund,
    settle_refund,
)
from mercato_orders.services.remedies import (
    OpenPayment,
    list_open,
    resolve_payment,
    retry_payment,
)

__all__ = [
    "ORDER",
    "Accepted",
    "Attempt",
    "CancelRequest",
    "CaptureRequest",
    "FulfillmentRequest",
    "Inquiry",
    "OpenPayment",
    "PlacedOnce",
    "Quotation",
    "RefundRequest",
    "VoidRequest",
    "add_note",
    "announce_expiring",
    "ask_by_email",
    "ask_by_order",
    "call_refund",
    "cancel_fulfillment",
    "cancel_rest",
    "change_order",
    "check_payment",
    "claim_order",
    "confirm",
    "count_orders",
    "deliver_fulfillment",
    "erase_orders",
    "expire_order",
    "expire_unpaid_orders",
    "find_bought",
    "find_fulfillment",
    "find_order",
    "find_payment",
    "find_records",
    "find_refund",
    "find_request",
    "forget_bodies",
    "forget_holds",
    "give_back_pending",
    "letter_of",
    "list_events",
    "list_fulfillments",
    "list_open",
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
    "read_file",
    "read_hold",
    "read_orders",
    "receive_events",
    "reconcile_payments",
    "replay_event",
    "resolve_payment",
    "retry_payment",
    "send_unshippable",
    "settle",
    "settle_events",
    "settle_refund",
    "track_fulfillment",
]
