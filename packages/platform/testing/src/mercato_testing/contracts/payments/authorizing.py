"""The suite of payment providers that authorize an amount and capture it later."""

from mercato_contracts.payments import Payments, Ref
from mercato_kit.db import new_id
from mercato_testing.contracts.payments.base import AMOUNT, charge, key, pay, refusal
from mercato_testing.contracts.payments.remote import RemotePaymentsSuite, read
from mercato_testing.findings import assert_that


class AuthorizingPaymentsSuite(RemotePaymentsSuite):
    """Tests of a payment provider with the capability ``authorize``."""

    def test_says_that_it_authorizes(self, payments: Payments) -> None:
        """Orders reads it from the capabilities."""
        assert_that(payments.capabilities.authorize, "authorize is False")

    def test_authorizes_first(self, payments: Payments, method: str) -> None:
        """No money is captured before it is asked for, and all of it then."""
        ref, held = pay(payments, charge(method, capture="later"))

        taken = payments.capture(ref, new_id(), AMOUNT, True, key())  # noqa: FBT003

        said = [(one.state, one.amount_captured) for one in (held, taken)]
        assert_that(said == [("authorized", 0), ("captured", AMOUNT)], f"the states are {said}")

    def test_void_releases_an_authorisation(self, payments: Payments, method: str) -> None:
        """A voided authorisation is closed, and nothing can be captured."""
        ref, _ = pay(payments, charge(method, capture="later"))

        closed = payments.void(ref, key())
        refused = refusal(lambda: _capture(payments, ref, AMOUNT, final=True))

        assert_that(closed.state == "canceled", f"void() returned {closed}")
        assert_that(refused, "the capture was not refused")

    def test_captures_a_part_if_it_can(self, payments: Payments, method: str) -> None:
        """A final part ends the authorisation; the rest can be neither captured nor refunded."""
        ref, _ = pay(payments, charge(method, capture="later"))

        refused = refusal(lambda: _capture(payments, ref, 990, final=True))
        more = refusal(lambda: _capture(payments, ref, 1000, final=True))
        found = read(payments, ref)

        can = payments.capabilities.partial_capture
        assert_that((refused is None) is can, f"partial_capture is {can}: {refused}")
        expected = ("captured", 990) if can else ("authorized", 0)
        assert_that((found.state, found.amount_captured) == expected, f"fetch(): {found}")
        assert_that(more, "more was captured after the final capture")

    def test_captures_several_times_if_it_can(self, payments: Payments, method: str) -> None:
        """The authorisation stays until the last part."""
        ref, _ = pay(payments, charge(method, capture="later"))

        refused = refusal(lambda: _capture(payments, ref, 990, final=False))
        between = read(payments, ref)
        last = refusal(lambda: _capture(payments, ref, 1000, final=True))
        found = read(payments, ref)

        can = payments.capabilities.multiple_captures
        assert_that((refused is None) is can, f"multiple_captures is {can}: {refused}")
        said = [(one.state, one.amount_captured) for one in (between, found)]
        wanted = [("authorized", 990), ("captured", AMOUNT)]
        assert_that(not can or (last is None and said == wanted), f"the states are {said}: {last}")

    def test_captures_no_more_than_was_authorized(self, payments: Payments, method: str) -> None:
        """A capture of more is refused, and captures nothing."""
        ref, _ = pay(payments, charge(method, capture="later"))

        refused = refusal(lambda: _capture(payments, ref, AMOUNT + 1, final=True))
        found = read(payments, ref)

        assert_that(refused, "the capture was not refused")
        assert_that(found.amount_captured == 0, f"fetch() returned {found}")

    def test_one_key_captures_once(self, payments: Payments, method: str) -> None:
        """A repeated capture has the same answer."""
        ref, _ = pay(payments, charge(method, capture="later"))
        capture_id, one = new_id(), key()

        first, again = (
            payments.capture(ref, capture_id, AMOUNT, True, one)  # noqa: FBT003
            for _ in range(2)
        )

        said = [first.amount_captured, again.amount_captured]
        assert_that(said == [AMOUNT, AMOUNT], f"the amounts are {said}")


def _capture(payments: Payments, ref: Ref, amount: int, *, final: bool) -> None:
    payments.capture(ref, new_id(), amount, final, key())
