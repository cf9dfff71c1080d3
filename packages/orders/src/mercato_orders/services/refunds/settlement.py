"""Record what a payment provider says of refunds."""

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from mercato_contracts.payments import RefundSnapshot
from mercato_kit.db import locked, new_id, refreshed, session, touch
from mercato_orders import facts
from mercato_orders.access import SYSTEM, Actor
from mercato_orders.models import Order, Payment, Refund, RefundLine
from mercato_orders.services.payments.attention import needs_attention
from mercato_orders.services.refunds.claims import claim
from mercato_orders.states import derive, may_become
from mercato_orders.timeline import REFUND_FAILED, REFUNDED, announce
