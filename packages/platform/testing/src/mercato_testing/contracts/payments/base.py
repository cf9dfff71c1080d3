"""The suite of every payment provider."""

import re
from collections.abc import Callable, Iterator
from typing import ClassVar

import pytest
from flask import Flask

from mercato_contracts.payments import (
    BadSignature,
    Capabilities,
    Capture,
    Charge,
    Payments,
    Ref,
    RefundSnapshot,
    Refused,
    Snapshot,
)
from mercato_kit.db import new_id, utc_now
from mercato_testing.findings import assert_that

AMOUNT = 1990
NOT_SIGNED = (b"", b"{}", b"null", b"[]", b"\xff\xfe", b'{"id": "1"}')


class PaymentsSuite:
    """Tests of a payment provider.

    Attributes:
        provider: Returns the provider: a class or a function without arguments.
    """

    provider: ClassVar[Callable[[], Payments]]

    @pytest.fixture
    def payments(self, app: Flask) -> Iterator[Payments]:
        """Yield the provider, in the context of the app."""
        with app.app_context():
            yield type(self).provider()

    @pytest.fixture
    def method(self) -> str | None:
        """Return a payment method that pays at once. Override this if the provider needs one."""
        return None

    def test_has_a_name_for_the_api(self, payments: Payments) -> None:
        """The name is a word of the API; what the provider can do is said by the class."""
        found = re.fullmatch(r"[a-z][a-z0-9_]*", payments.name)

        assert_that(found, f"{payments.name!r} is not a word of small letters, digits and _")
        is_said = isinstance(payments.capabilities, Capabilities)
        assert_that(is_said, f"capabilities are {payments.capabilities!r}")

    @pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
    def test_captures_what_is_charged(
        self, payments: Payments, method: str | None, currency: str
    ) -> None:
        """Amounts are exact in currencies with 2, 0 and 3 decimals, or the check refuses them."""
        new = charge(method, currency=currency)
        try:
            payments.check(new)
        except Refused as refused:
            assert_that(currency != "EUR", f"{currency} is refused: {refused}")
            return

        _, snapshot = pay(payments, new)

        assert_that(snapshot.state == "captured", f"confirm() returned {snapshot}")
        said = (snapshot.amount, snapshot.amount_captured, snapshot.currency)
        assert_that(said == (AMOUNT, AMOUNT, currency), f"{said} of {AMOUNT} {currency}")
        assert_that(snapshot.observed_at.tzinfo, "observed_at has no time zone")

    def test_void_of_a_captured_payment_says_so(
        self, payments: Payments, method: str | None
    ) -> None:
        """Too late is an answer: the money stays captured."""
        ref, _ = pay(payments, charge(method))

        snapshot = payments.void(ref, key())

        said = (snapshot.state, snapshot.amount_captured)
        assert_that(said == ("captured", AMOUNT), f"void() returned {snapshot}")

    def test_captures_nothing_twice(self, payments: Payments, method: str | None) -> None:
        """A captured payment has nothing left to capture."""
        ref, _ = pay(payments, charge(method))

        refused = refusal(lambda: payments.capture(ref, new_id(), 1, True, key()))  # noqa: FBT003

        assert_that(refused, "capture() of a captured payment was not refused")

    def test_refunds_all(self, payments: Payments, method: str | None) -> None:
        """The whole amount goes back, under the id that it was asked with."""
        ref, _ = pay(payments, charge(method))

        refund = payments.refund(ref, refund_id := new_id(), AMOUNT, "returned", key())

        said = (refund.amount, refund.refund_id)
        assert_that(said == (AMOUNT, refund_id), f"refund() returned {refund}")
        assert_that(refund.state in ("pending", "succeeded"), f"refund() returned {refund}")

    def test_refunds_a_part_if_it_can(self, payments: Payments, method: str | None) -> None:
        """A part goes back exactly if the capabilities say so."""
        ref, _ = pay(payments, charge(method))

        made: list[RefundSnapshot] = []
        refused = refusal(
            lambda: made.append(payments.refund(ref, new_id(), AMOUNT - 990, "kept", key()))
        )

        can = payments.capabilities.partial_refund
        assert_that((refused is None) is can, f"partial_refund is {can}: {refused or made}")

    @pytest.mark.parametrize("body", NOT_SIGNED)
    @pytest.mark.parametrize("signature", [None, "", "v1,\u00e9", "t=1,v1=0"])
    def test_refuses_webhooks_that_it_did_not_sign(
        self, payments: Payments, body: bytes, signature: str | None
    ) -> None:
        """Whatever is sent without a signature is refused as that, and raises nothing else."""
        names = ("webhook-signature", "stripe-signature", "x-signature")
        headers = {} if signature is None else dict.fromkeys(names, signature)

        with pytest.raises(BadSignature):
            payments.parse_webhook(body, headers, utc_now())


def charge(method: str | None, *, currency: str = "EUR", capture: Capture = "now") -> Charge:
    """Return a new charge of :data:`AMOUNT`."""
    return Charge(
        payment_id=new_id(),
        order_id=new_id(),
        number=1042,
        amount=AMOUNT,
        currency=currency,
        capture=capture,
        payment_method=method,
        return_url="http://127.0.0.1/thanks",
    )


def open_(payments: Payments, new: Charge) -> Ref:
    """Open a payment."""
    return Ref(new.payment_id, payments.open(new, key()), new.currency)


def pay(payments: Payments, new: Charge) -> tuple[Ref, Snapshot]:
    """Open and confirm a payment."""
    ref = open_(payments, new)
    return ref, payments.confirm(new, ref, key())


def key() -> str:
    """Return a new idempotency key."""
    return f"test:{new_id()}"


def refusal(call: Callable[[], object]) -> Refused | None:
    """Return how the provider refuses a call; None if it does not."""
    try:
        call()
    except Refused as refused:
        return refused
    return None
