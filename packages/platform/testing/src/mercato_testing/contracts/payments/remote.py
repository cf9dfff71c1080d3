"""The suite of payment providers on other machines."""

import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from flask import Flask

from mercato_contracts.payments import (
    Misconfigured,
    Payments,
    Ref,
    Snapshot,
    Unknown,
)
from mercato_kit.db import new_id
from mercato_testing.contracts.payments.base import (
    AMOUNT,
    charge,
    key,
    open_,
    pay,
    refusal,
)
from mercato_testing.contracts.payments.driver import PaymentsDriver
from mercato_testing.contracts.payments.webhooks import PaymentWebhooksSuite
from mercato_testing.findings import assert_that, none_of

CALL_SECONDS = 10
"""Every call ends within this time."""

CALLERS = 6


class RemotePaymentsSuite(PaymentWebhooksSuite):
    """Tests of a payment provider that asks another machine.

    The fixture ``driver`` is overridden.
    """

    def test_opening_moves_no_money(self, payments: Payments, method: str) -> None:
        """A payment that is not confirmed is neither authorized nor captured."""
        ref = open_(payments, charge(method))

        found = read(payments, ref)

        quiet = found.state in ("processing", "requires_action") and not found.amount_captured
        assert_that(quiet, f"fetch() after open() returned {found}")

    def test_fetch_sees_what_was_done(self, payments: Payments, method: str) -> None:
        """A read shows the capture and the refund before it, with our id and the provider's."""
        ref, _ = pay(payments, charge(method))
        payments.refund(ref, refund_id := new_id(), AMOUNT, "returned", key())

        found = read(payments, ref)

        said = (found.state, found.amount, found.amount_captured)
        assert_that(said == ("captured", AMOUNT, AMOUNT), f"fetch() returned {found}")
        ids = [(one.refund_id, one.reference is not None) for one in found.refunds or ()]
        assert_that(ids == [(refund_id, True)], f"fetch() returned {found}")

    def test_fetch_of_what_never_existed_is_none(self, payments: Payments, method: str) -> None:
        """A reference that the provider did not make has no payment."""
        ref = open_(payments, charge(method))

        found = payments.fetch(dataclasses.replace(ref, reference=f"{ref.reference[:-6]}000000"))

        assert_that(found is None, f"fetch() returned {found}")

    def test_a_decline_is_final(
        self, payments: Payments, driver: PaymentsDriver, method: str
    ) -> None:
        """A declined payment is closed there: a second confirmation charges nothing."""
        new = charge(driver.declined)
        ref, declined = pay(payments, new)

        again = charge_again(payments, ref, method)
        found = read(payments, ref)

        assert_that(declined.state == "failed", f"confirm() returned {declined}")
        assert_that(declined.error_code, "a decline has no error_code")
        none_of(f"{one}" for one in (again, found) if one and one.state != "failed")

    def test_asks_for_3d_secure(self, payments: Payments, driver: PaymentsDriver) -> None:
        """The customer is sent somewhere, and the payment is captured after that."""
        ref, asked = pay(payments, charge(driver.challenged))

        driver.answer_challenge(ref, approved=True)
        found = read(payments, ref)

        action = asked.next_action
        assert_that(asked.state == "requires_action", f"confirm() returned {asked}")
        assert_that(action and (action.url or action.data), f"confirm() returned {asked}")
        assert_that(found.state == "captured", f"fetch() returned {found}")

    def test_a_customer_may_fail_3d_secure(
        self, payments: Payments, driver: PaymentsDriver
    ) -> None:
        """A payment that the customer did not approve is closed, or can be, without money."""
        ref, _ = pay(payments, charge(driver.challenged))

        driver.answer_challenge(ref, approved=False)
        closed = payments.void(ref, key())

        assert_that(closed.state in ("failed", "canceled"), f"void() returned {closed}")
        assert_that(closed.amount_captured == 0, f"void() returned {closed}")

    def test_void_closes_for_ever(self, payments: Payments, method: str) -> None:
        """A closed payment takes no money when the shop confirms it again."""
        ref = open_(payments, charge(method))

        closed = payments.void(ref, key())
        charge_again(payments, ref, method)
        found = read(payments, ref)

        said = [closed.state, found.state, found.amount_captured]
        assert_that(said == ["canceled", "canceled", 0], f"void() and fetch() returned {said}")

    def test_void_ends_3d_secure(self, payments: Payments, driver: PaymentsDriver) -> None:
        """A closed payment takes no money when the customer answers 3-D Secure after that."""
        ref, _ = pay(payments, charge(driver.challenged))

        closed = payments.void(ref, key())
        driver.answer_challenge(ref, approved=True)
        found = read(payments, ref)

        said = [closed.state, found.state, found.amount_captured]
        assert_that(said == ["canceled", "canceled", 0], f"void() and fetch() returned {said}")

    def test_one_key_has_one_effect(self, app: Flask, payments: Payments, method: str) -> None:
        """Calls that are repeated, also at once, open, charge and refund once."""
        new, keys = charge(method), [key() for _ in range(3)]

        references = _at_once(app, lambda: payments.open(new, keys[0]))
        ref = Ref(new.payment_id, payments.open(new, keys[0]), new.currency)
        _at_once(app, lambda: payments.confirm(new, ref, keys[1]))
        refund_id = new_id()
        _at_once(app, lambda: payments.refund(ref, refund_id, 100, "kept", keys[2]))
        found = read(payments, ref)

        assert_that({ref.reference}.issuperset(references), f"open() returned {references}")
        said = (found.amount_captured, [one.amount for one in found.refunds or ()])
        assert_that(said == (AMOUNT, [100]), f"fetch() returned {found}")

    def test_refunds_no_more_than_was_captured(self, payments: Payments, method: str) -> None:
        """A refund of more is refused, and none is made."""
        ref, _ = pay(payments, charge(method))

        refused = refusal(lambda: payments.refund(ref, new_id(), AMOUNT + 1, "returned", key()))
        found = read(payments, ref)

        assert_that(refused, "the refund was not refused")
        failed = {one.state for one in found.refunds or ()} <= {"failed"}
        assert_that(failed, f"fetch() returned {found}")

    @pytest.mark.parametrize("effect", [False, True])
    def test_a_lost_answer_is_unknown(
        self, payments: Payments, driver: PaymentsDriver, *, effect: bool
    ) -> None:
        """Every call that gets no answer ends in time, and the same key finishes it once."""
        new, confirmed = charge(driver.pays), key()
        ref = open_(payments, new)
        calls: list[tuple[str, Callable[[], object]]] = [
            ("open", lambda: payments.open(charge(driver.pays), key())),
            ("confirm", lambda: payments.confirm(new, ref, confirmed)),
            ("fetch", lambda: payments.fetch(ref)),
            ("refund", lambda: payments.refund(ref, new_id(), 1, "kept", key())),
            ("void", lambda: payments.void(ref, key())),
        ]

        with driver.without_answers(effect=effect):
            none_of(_not_unknown(calls[:3]))
        snapshot = payments.confirm(new, ref, confirmed)
        with driver.without_answers(effect=effect):
            none_of(_not_unknown(calls[3:]))

        said = (snapshot.state, snapshot.amount_captured)
        assert_that(said == ("captured", AMOUNT), f"confirm() returned {snapshot}")
        assert_that(read(payments, ref).amount_captured == AMOUNT, "it was charged twice")

    def test_says_when_credentials_are_wrong(
        self, payments: Payments, driver: PaymentsDriver, method: str
    ) -> None:
        """Refused credentials are an error of the operator, and not of the customer."""
        ref, wrong = open_(payments, charge(method)), driver.with_wrong_credentials()

        for call in (lambda: wrong.open(charge(method), key()), lambda: wrong.fetch(ref)):
            with pytest.raises(Misconfigured):
                call()

    def test_tells_of_refunds_by_hand(
        self, payments: Payments, driver: PaymentsDriver, method: str
    ) -> None:
        """A refund that staff make at the provider has its reference, and no id of ours."""
        ref, _ = pay(payments, charge(method))

        driver.refund_by_hand(ref, 90)
        found = read(payments, ref)

        said = [(it.amount, it.refund_id, bool(it.reference)) for it in found.refunds or ()]
        assert_that(said == [(90, None, True)], f"fetch() returned {found}")


def read(payments: Payments, ref: Ref) -> Snapshot:
    """Return a payment that exists."""
    found = payments.fetch(ref)
    if found is None:
        pytest.fail(f"fetch() does not know {ref}", pytrace=False)
    return found


def charge_again(payments: Payments, ref: Ref, method: str) -> Snapshot | None:
    """Confirm a payment once more, with a method that pays; None if that is refused."""
    new = dataclasses.replace(charge(method), payment_id=ref.payment_id)
    answers: list[Snapshot] = []
    refusal(lambda: answers.append(payments.confirm(new, ref, key())))
    return answers[0] if answers else None


def _at_once(app: Flask, call: Callable[[], object]) -> list[object]:
    """Call a function from several threads; Unknown answers are left out."""

    def run(_number: int) -> list[object]:
        with app.app_context():
            try:
                return [call()]
            except Unknown:
                return []

    with ThreadPoolExecutor(CALLERS) as pool:
        return [value for found in pool.map(run, range(CALLERS)) for value in found]


def _not_unknown(calls: list[tuple[str, Callable[[], object]]]) -> list[str]:
    """Find calls that do not raise Unknown in time."""
    found = []
    for name, call in calls:
        started = time.monotonic()
        with suppress(Unknown):
            found.append(f"{name}() without an answer returned {call()}")
        seconds = time.monotonic() - started
        if seconds > CALL_SECONDS + 0.5:
            found.append(f"{name}() without an answer took {seconds:.1f} s")
    return found
