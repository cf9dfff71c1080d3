"""Guests ask for their data, or for its erasure: by their mailbox, or by the secret of an order.

The secret of an order proves that order and nothing else: neither its address nor other orders
of that address.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeTimedSerializer

from mercato_kit import keys, limits, privacy
from mercato_kit.db import found, new_id, session
from mercato_kit.emails import canonical_email
from mercato_kit.errors import NotFound
from mercato_kit.events import Event
from mercato_kit.limits import Take
from mercato_kit.outbox import publish
from mercato_kit.privacy import Kind, Request, Subject
from mercato_orders.access import Caller
from mercato_orders.errors import LinkExpired
from mercato_orders.models import Order
from mercato_orders.services.erasure import ORDER
from mercato_orders.timeline import PRIVACY_REQUESTED
from mercato_orders.values import email_key

LINK = timedelta(hours=24)
"""How long a mailed link is valid."""

_ACCESS = "orders.privacy_access"
_LINK = "orders.privacy_link"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was accepted: its id, and the token that reads it."""

    id: UUID
    access_token: str


class Letter(NamedTuple):
    """What a mail with a link needs."""

    kind: Kind
    to: str
    locale: str | None
    token: str


def ask_by_email(kind: Kind, email: str, network: str) -> None:
    """Mail a link that confirms a request, if guests have ordered with this mailbox.

    The caller cannot see whether they have.

    Args:
        kind: ``export`` or ``erase``.
        email: The address.
        network: What the client is counted by.

    Raises:
        TooManyRequests: Too many mails to this address, or requests from this network.
    """
    # An event has no address: it names an order that has it.
    newest = (
        sa.select(Order.id)
        .where(Order.customer_email_key == email_key(email), Order.customer_id.is_(None))
        .order_by(Order.id.desc())
        .limit(1)
    )
    order_id = session.scalar(newest)
    publish(
        Event(
            topic=PRIVACY_REQUESTED,
            aggregate_type="message",
            aggregate_id=new_id(),
            aggregate_version=1,
            payload={"kind": kind, "order_id": order_id and str(order_id)},
        )
    )
    limits.require(
        Take("privacy.mail", canonical_email(email), burst=5, every=3600),
        _by_network(network),
    )


def ask_by_order(kind: Kind, order_id: UUID, caller: Caller, network: str) -> Accepted:
    """Request the export or erasure of one order of a guest, who has sent its access token.

    Raises:
        NotFound: No guest's order has this id and token.
        TooManyRequests: Too many requests from this network.
    """
    own = Order.id == order_id, Order.customer_id.is_(None), caller.owned()
    found(session.scalar(sa.select(Order.id).where(*own)))
    return _accept(kind, Subject(refs={ORDER: frozenset({order_id})}), network)


def letter_of(event: Event) -> Letter | None:
    """Return what the mail of an event needs; None if no order has an address for it."""
    order_id = event.payload["order_id"]
    row = None if order_id is None else _address_of(UUID(order_id))
    if row is None:
        return None
    kind: Kind = event.payload["kind"]
    return Letter(kind, *row, _signer().dumps([kind, order_id]))


def confirm(token: str, network: str) -> Accepted:
    """Request what a mailed link is for: the mailbox is proved, and so are its guests' orders.

    Raises:
        LinkExpired: The link is not valid, or the orders of this mailbox were erased.
        TooManyRequests: Too many requests from this network.
    """
    try:
        kind, order_id = _signer().loads(token, max_age=int(LINK.total_seconds()))
    except BadData as error:
        raise LinkExpired from error
    row = _address_of(UUID(order_id))
    if row is None:
        raise LinkExpired
    return _accept(kind, Subject(emails=frozenset({canonical_email(row[0])})), network)


def find_request(request_id: UUID, access_token: str | None) -> Request:
    """Return a request of a guest.

    Raises:
        NotFound: There is none with this id and access token.
    """
    sent = (access_token or "").encode("utf-8", "surrogatepass")
    issued = (_access_token(key, request_id) for key in keys.candidates(_ACCESS))
    if not any(hmac.compare_digest(sent, token.encode()) for token in issued):
        raise NotFound
    return found(privacy.get(request_id))


def read_file(request_id: UUID, access_token: str | None) -> bytes:
    """Return the export of a guest as a zip file.

    Raises:
        NotFound: As :func:`find_request`; or it is not complete yet, or no longer kept.
    """
    find_request(request_id, access_token)
    return found(privacy.read_archive(request_id))


def _by_network(network: str) -> Take:
    return Take("privacy.network", network, burst=10, every=180)


def _accept(kind: Kind, subject: Subject, network: str) -> Accepted:
    request_id = privacy.request(kind, subject, actor="guest")
    # Each export that was made is followed by another one, and is kept for days.
    limits.require(_by_network(network))
    return Accepted(request_id, _access_token(keys.derive(_ACCESS), request_id))


def _address_of(order_id: UUID) -> tuple[str, str | None] | None:
    """Return address and language of an order; None if it has been erased."""
    columns = sa.select(Order.customer_email, Order.locale)
    row = session.execute(columns.where(Order.id == order_id)).one_or_none()
    return None if row is None or row[0] is None else (row[0], row[1])


def _access_token(key: keys.Key, request_id: UUID) -> str:
    return hmac.new(key.secret, b"request " + request_id.bytes, hashlib.sha256).hexdigest()


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(keys.signing_secrets(_LINK))
