"""Fake payment providers: ``bank``, on another machine, and ``desk``, here. Both keep a ledger."""

import hmac
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import RLock
from types import FunctionType
from uuid import UUID, uuid4

import msgspec

from mercato_contracts.payments import (
    BadSignature,
    Capabilities,
    Charge,
    NextAction,
    Notice,
    Payments,
    RefundSnapshot,
    Refused,
    Snapshot,
    Unknown,
)
from mercato_kit.db import new_id, utc_now
from mercato_kit.feature import Feature, Offer

AFTER = object()
"""The outcome of a call that has its effect, and whose answer is lost."""


@dataclass(frozen=True)
class After:
    """A function that runs after the effect of a call."""

    run: FunctionType


@dataclass
class Account:
    """What a provider knows of one payment."""

    charge: Charge
    state: str = "processing"
    captured: int = 0
    confirmed: bool = False
    refunds: dict = field(default_factory=dict)
    expected_by: datetime | None = None
    authorized_until: datetime | None = None

    @property
    def refunded(self):
        """Minor units that went back."""
        return sum(one.amount for one in self.refunds.values() if one.state == "succeeded")

    def snapshot(self):
        """Return the payment as it is now."""
        action = NextAction("redirect", "https://bank.example/3ds")
        return Snapshot(
            state=self.state,
            amount=self.charge.amount,
            currency=self.charge.currency,
            amount_captured=self.captured,
            refunds=tuple(self.refunds.values()),
            observed_at=utc_now(),
            next_action=action if self.state == "requires_action" else None,
            error_code="card_declined" if self.state == "failed" else None,
            expected_by=self.expected_by,
            authorized_until=self.authorized_until,
        )


SIGNATURE = "Bank-Signature"


def _sign(body):
    return hmac.new(b"the secret of the bank", body, "sha256").hexdigest()


class Bank:
    """A provider of the contract payments, in memory. One key has one effect.

    A test says how the next calls of a method end: ``bank.next("refund", "pending", Unknown())``.
    An error is raised before the effect, ``AFTER`` after it; a text is the state of the answer. A
    function runs before the effect, that of :class:`After` after it.
    """

    def __init__(self, name, capabilities):
        self.name = name
        self.usual_capabilities = capabilities
        self.lock = RLock()
        self.reset()

    def reset(self):
        """Forget everything."""
        self.capabilities = self.usual_capabilities
        self.accounts = {}
        self.answers = {}
        self.calls = []
        self.outcomes = defaultdict(deque)

    def next(self, method, *outcomes):
        """Say how the next calls of *method* end."""
        self.outcomes[method].extend(outcomes)

    def moved(self):
        """Return what was captured and not refunded, in minor units."""
        return sum(one.captured - one.refunded for one in self.accounts.values())

    def check(self, charge):
        """Refuse what no card pays."""
        if charge.currency == "KWD":
            raise Refused("currency")

    def open(self, charge, key):
        """Keep the charge."""
        return self._once("open", key, lambda _: self._opened(charge))

    def confirm(self, charge, ref, key):
        """Capture or authorize it, or do what the test says."""
        return self._once("confirm", key, lambda outcome: self._confirmed(ref, outcome))

    def fetch(self, ref):
        """Return the payment."""
        account = self.accounts.get(ref.payment_id)
        return self._once("fetch", None, lambda _: account and account.snapshot())

    def capture(self, ref, capture_id, amount, final, key):
        """Capture what was authorized."""
        return self._once("capture", key, lambda _: self._captured(ref, amount, final))

    def void(self, ref, key):
        """Close what is not captured, or leave it as it is if the test says so."""
        return self._once("void", key, lambda outcome: self._closed(ref, outcome))

    def refund(self, ref, refund_id, amount, reason, key):
        """Give money back, or do what the test says."""
        return self._once(
            "refund", key, lambda state: self._refunded(ref, refund_id, amount, state)
        )

    def parse_webhook(self, body, headers, now):
        """Return the events of a body that :meth:`webhook` has signed."""
        if headers.get(SIGNATURE) != _sign(body):
            raise BadSignature
        return msgspec.json.decode(body, type=list[Notice])

    def webhook(self, *notices):
        """Return a request with events, for a client."""
        body = msgspec.json.encode(notices)
        return {"data": body, "headers": {SIGNATURE: _sign(body)}}

    def notice(self, payment_id, **values):
        """Return an event that shows a payment as it is now."""
        account = self.accounts[payment_id]
        shown = {"payment_id": payment_id, "snapshot": account.snapshot(), **values}
        return Notice(
            **{"event_id": f"evt_{new_id()}", "type": f"payment.{account.state}", **shown}
        )

    def _once(self, method, key, effect):
        with self.lock:
            self.calls.append((method, key))
            if key is not None and key in self.answers:
                return self.answers[key]
            outcome = self.outcomes[method].popleft() if self.outcomes[method] else None
            if isinstance(outcome, Exception):
                raise outcome
            if isinstance(outcome, FunctionType):
                outcome()
            answer = effect(outcome)
            if key is not None:
                self.answers[key] = answer
            if outcome is AFTER:
                raise Unknown("the answer is lost")
            if isinstance(outcome, After):
                outcome.run()
            return answer

    def _opened(self, charge):
        self.accounts.setdefault(charge.payment_id, Account(charge))
        return f"{self.name}_{charge.payment_id}"

    def _confirmed(self, ref, outcome):
        account = self.accounts[ref.payment_id]
        later = account.charge.capture == "later"
        account.confirmed = True
        if account.state == "processing":
            state = outcome if isinstance(outcome, str) else None
            account.state = state or ("authorized" if later else "captured")
            account.captured = account.charge.amount if account.state == "captured" else 0
        return account.snapshot()

    def _captured(self, ref, amount, final):
        account = self.accounts[ref.payment_id]
        if account.state != "authorized" or account.captured + amount > account.charge.amount:
            raise Refused("capture_refused")
        account.captured += amount
        if final or account.captured == account.charge.amount:
            account.state = "captured"
        return account.snapshot()

    def _closed(self, ref, outcome):
        account = self.accounts.get(ref.payment_id)
        if account is None:
            raise Refused("unknown")
        is_open = account.state in ("processing", "requires_action", "authorized")
        if is_open and not isinstance(outcome, str):
            account.state = "captured" if account.captured else "canceled"
        return account.snapshot()

    def _refunded(self, ref, refund_id, amount, outcome):
        account = self.accounts[ref.payment_id]
        taken = (one.amount for one in account.refunds.values() if one.state != "failed")
        if sum(taken) + amount > account.captured:
            raise Refused("refund_exceeds_charge")
        state = outcome if isinstance(outcome, str) else "succeeded"
        made = RefundSnapshot(state, amount, f"re_{refund_id}", refund_id)
        account.refunds[refund_id] = made
        return made

    def turn(self, refund_id, state, error_code=None):
        """Change the state of a refund, and return it."""
        key = UUID(str(refund_id))
        (account,) = (one for one in self.accounts.values() if key in one.refunds)
        turned = replace(account.refunds[key], state=state, error_code=error_code)
        account.refunds[key] = turned
        return turned

    def refund_by_hand(self, order_id, amount):
        """Make a refund that orders does not know."""
        made = RefundSnapshot("succeeded", amount, f"re_{uuid4()}")
        self._account_of(order_id).refunds[made.reference] = made

    def moved_of(self, order_id):
        """Return what was captured for an order and not refunded, in minor units."""
        account = self._account_of(order_id)
        return account.captured - account.refunded

    def listed(self, order_id):
        """Return the refunds of an order's payment."""
        return self._account_of(order_id).snapshot().refunds

    def _account_of(self, order_id):
        order_id = UUID(str(order_id))
        (account,) = (one for one in self.accounts.values() if one.charge.order_id == order_id)
        return account


BANK = Bank(
    "bank", Capabilities(authorize=True, partial_capture=True, multiple_captures=True, key_hours=24)
)
DESK = Bank("desk", Capabilities(remote=False, by_customer=False))

BANKS = Feature(
    name="banks",
    summary="Fakes of payments.",
    offers=[
        Offer(Payments, "1.0", lambda: BANK, name="bank", remote=True),
        Offer(Payments, "1.0", lambda: DESK, name="desk"),
    ],
)
