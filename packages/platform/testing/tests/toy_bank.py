"""A payment provider in memory that keeps the contract, and its driver."""

import hmac
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

from mercato_contracts.payments import (
    BadSignature,
    Capabilities,
    Misconfigured,
    NextAction,
    Notice,
    RefundSnapshot,
    Refused,
    Snapshot,
    Unknown,
)
from mercato_kit.db import new_id
from mercato_testing.contracts import Webhook

OPEN = ("processing", "requires_action", "authorized")


@dataclass
class Account:
    """A payment at the bank."""

    charge: object
    state: str = "processing"
    captured: int = 0
    error_code: str | None = None
    refunds: list = field(default_factory=list)

    @property
    def left(self):
        """What can be refunded."""
        return self.captured - sum(one.amount for one in self.refunds)


class ToyBank:
    """Keeps payments in memory; it is its own driver."""

    name = "toy"
    capabilities = Capabilities(authorize=True, partial_capture=True, multiple_captures=True)
    pays, declined, challenged = "good", "bad", "ask"
    secrets = ("new", "old")

    def __init__(self):
        self.lock = threading.RLock()
        self.accounts = {}
        self.answers = {}
        self.events = []
        self.silent = None
        self.installation = "here"

    def check(self, charge):
        """Accept every charge."""

    def open(self, charge, key):
        """Make an account."""
        return self.once(key, lambda: self.make(charge))

    def make(self, charge):
        """Make an account and return its number."""
        reference = f"toy-{new_id()}"
        self.accounts[reference] = Account(charge)
        return reference

    def confirm(self, charge, ref, key):
        """Charge what the method says."""
        return self.once(key, lambda: self.charge(ref.reference, charge.payment_method))

    def charge(self, reference, method):
        """Charge an account that is not charged."""
        account = self.accounts[reference]
        if account.state == "processing":
            if method == self.declined:
                self.fail(account)
            elif method == self.challenged:
                account.state = "requires_action"
            else:
                self.take(account)
            self.tell(reference)
        return self.shown(reference)

    def fail(self, account):
        """Decline a charge, for ever."""
        account.state, account.error_code = "failed", "declined"

    def take(self, account):
        """Capture a charge, or authorize it."""
        if account.charge.capture == "later":
            account.state = "authorized"
        else:
            account.state, account.captured = "captured", account.charge.amount

    def fetch(self, ref):
        """Show an account."""
        with self.lock:
            if self.silent is not None:
                raise Unknown
            return self.shown(ref.reference) if ref.reference in self.accounts else None

    def capture(self, ref, capture_id, amount, final, key):
        """Capture a part."""
        return self.once(key, lambda: self.take_part(ref.reference, amount, final=final))

    def take_part(self, reference, amount, *, final):
        """Capture a part of what is authorized."""
        account = self.accounts[reference]
        if account.state != "authorized" or account.captured + amount > account.charge.amount:
            raise Refused("not_authorized")
        account.captured += amount
        if final:
            account.state = "captured"
        return self.shown(reference)

    def void(self, ref, key):
        """Close an account."""
        return self.once(key, lambda: self.close(ref.reference))

    def close(self, reference):
        """Close an account that is not captured."""
        account = self.accounts[reference]
        if account.state in OPEN:
            account.state = "canceled"
        return self.shown(reference)

    def refund(self, ref, refund_id, amount, reason, key):
        """Give money back."""
        return self.once(key, lambda: self.give_back(ref.reference, refund_id, amount))

    def give_back(self, reference, refund_id, amount):
        """Give back what is left at most."""
        account = self.accounts[reference]
        if amount > account.left:
            raise Refused("too_much")
        account.refunds.append(RefundSnapshot("succeeded", amount, f"r-{new_id()}", refund_id))
        return account.refunds[-1]

    def parse_webhook(self, body, headers, now):
        """Check the signature, and read the event."""
        if not self.is_signed(body, headers.get("x-signature", ""), now):
            raise BadSignature
        event = json.loads(body)
        if event["installation"] != self.installation:
            return [Notice(event["id"], "changed", foreign=True)]
        reference = event["reference"]
        return [Notice(event["id"], "changed", UUID(event["payment_id"]), reference)]

    def is_signed(self, body, signature, now):
        """Compare with what both secrets sign."""
        seconds = signature.partition(":")[0]
        if not seconds.isdecimal() or abs(now.timestamp() - int(seconds)) > 300:
            return False
        return any(
            hmac.compare_digest(signature.encode(), sign(secret, seconds, body).encode())
            for secret in self.secrets
        )

    def once(self, key, do):
        """Do it once for a key, and be silent about it if asked."""
        with self.lock:
            if self.silent == "before":
                raise Unknown
            if key not in self.answers:
                self.answers[key] = do()
            if self.silent == "after":
                raise Unknown
            return self.answers[key]

    def shown(self, reference):
        """Return the snapshot of an account."""
        account = self.accounts[reference]
        action = NextAction("redirect", "https://bank.example/ask")
        return Snapshot(
            account.state,
            account.charge.amount,
            account.charge.currency,
            account.captured,
            tuple(account.refunds),
            datetime.now(UTC),
            action if account.state == "requires_action" else None,
            account.error_code,
        )

    def refund_by_hand(self, ref, amount):
        """Give money back as staff."""
        self.give_back(ref.reference, None, amount)

    def answer_challenge(self, ref, *, approved):
        """Answer as the customer."""
        account = self.accounts[ref.reference]
        if account.state != "requires_action":
            return
        if approved:
            self.take(account)
        else:
            self.fail(account)

    @contextmanager
    def without_answers(self, *, effect):
        """Be silent."""
        self.silent = "after" if effect else "before"
        yield
        self.silent = None

    def tell(self, reference):
        """Keep an event."""
        event = {
            "id": str(new_id()),
            "reference": reference,
            "payment_id": str(self.accounts[reference].charge.payment_id),
            "amount": self.accounts[reference].charge.amount,
            "installation": self.installation,
        }
        self.events.append(json.dumps(event).encode())

    def webhooks(self):
        """Sign all events."""
        return [self.sign(body, datetime.now(UTC)) for body in self.events]

    def sign(self, body, at, *, former=False):
        """Sign a body."""
        secret = "old" if former else "new"
        return Webhook(body, {"x-signature": sign(secret, str(int(at.timestamp())), body)})

    def foreign_webhook(self):
        """Sign an event of another shop."""
        body = json.dumps({"id": "1", "installation": "there"}).encode()
        return self.sign(body, datetime.now(UTC))

    def with_wrong_credentials(self):
        """Return a bank that refuses all calls."""
        return Closed()


class Closed(ToyBank):
    """Refuses all calls."""

    def once(self, key, do):
        """Refuse."""
        raise Misconfigured

    def fetch(self, ref):
        """Refuse."""
        raise Misconfigured


def sign(secret, seconds, body):
    """Return the signature of a body."""
    return f"{seconds}:{hmac.new(secret.encode(), seconds.encode() + body, 'sha256').hexdigest()}"


def with_amount(charge, factor):
    """Return a charge of another amount."""
    return replace(charge, amount=charge.amount * factor)
