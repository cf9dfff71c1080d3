"""The suite of the webhooks of payment providers."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from mercato_contracts.payments import BadSignature, Notice, Payments, Ref
from mercato_kit.db import utc_now
from mercato_testing.contracts.payments.base import AMOUNT, PaymentsSuite, charge, pay
from mercato_testing.contracts.payments.driver import PaymentsDriver, Webhook
from mercato_testing.findings import assert_that, none_of


class PaymentWebhooksSuite(PaymentsSuite):
    """Tests of the events of a payment provider."""

    @pytest.fixture
    def driver(self) -> PaymentsDriver:
        """Return the driver of the provider. Override this."""
        raise pytest.UsageError("override the fixture 'driver': it drives the provider")

    @pytest.fixture
    def method(self, driver: PaymentsDriver) -> str | None:
        """Return the driver's payment method that pays."""
        return driver.pays

    def test_tells_of_payments_by_webhook(
        self, payments: Payments, driver: PaymentsDriver, method: str
    ) -> None:
        """Events name the payment; sent again, or in another order, they are the same events."""
        ref, _ = pay(payments, charge(method))

        webhooks = driver.webhooks()
        once, again = parsed(payments, webhooks), parsed(payments, webhooks[::-1])

        assert_that(_by_id(once) == _by_id(again), f"{again} is not {once}")
        ours = [one for one in once if ref.payment_id == one.payment_id]
        ours += [one for one in once if ref.reference == one.reference and one not in ours]
        assert_that(ours, f"no event names the payment: {once}")
        none_of(_wrong_notices(ref, ours))

    def test_refuses_changed_webhooks(
        self, payments: Payments, driver: PaymentsDriver, method: str
    ) -> None:
        """A body that was changed, and one that is signed otherwise, are refused."""
        pay(payments, charge(method))
        webhook = driver.webhooks()[-1]

        for body, headers in (
            (webhook.body.replace(b"1990", b"1991"), webhook.headers),
            (webhook.body + b" ", webhook.headers),
            (webhook.body, {}),
        ):
            with pytest.raises(BadSignature):
                payments.parse_webhook(body, headers, utc_now())

    @pytest.mark.parametrize(("seconds", "accepted"), [(290, True), (310, False)])
    @pytest.mark.parametrize("sign", [1, -1])
    def test_webhooks_have_their_time(
        self,
        payments: Payments,
        driver: PaymentsDriver,
        method: str,
        seconds: int,
        sign: int,
        *,
        accepted: bool,
    ) -> None:
        """A webhook is accepted up to 300 s before and after its time."""
        pay(payments, charge(method))
        signed_at = utc_now() + timedelta(seconds=sign * seconds)
        webhook = driver.sign(driver.webhooks()[-1].body, signed_at)

        assert_that(_is_accepted(payments, webhook) is accepted, f"{sign * seconds} s")

    def test_takes_webhooks_of_a_former_secret(
        self, payments: Payments, driver: PaymentsDriver, method: str
    ) -> None:
        """Secrets can be changed without losing webhooks."""
        pay(payments, charge(method))
        webhook = driver.sign(driver.webhooks()[-1].body, utc_now(), former=True)

        assert_that(_is_accepted(payments, webhook), "a former secret is refused")

    def test_leaves_the_payments_of_others(
        self, payments: Payments, driver: PaymentsDriver
    ) -> None:
        """An event about a payment of another installation is foreign."""
        notices = parsed(payments, [driver.foreign_webhook()])

        none_of(f"{one} is not foreign" for one in notices if not one.foreign)


def parsed(payments: Payments, webhooks: Sequence[Webhook]) -> list[Notice]:
    """Return the events of webhooks."""
    return [
        notice
        for one in webhooks
        for notice in payments.parse_webhook(one.body, one.headers, utc_now())
    ]


def _by_id(notices: list[Notice]) -> dict[str, Notice]:
    return {one.event_id: one for one in notices}


def _wrong_notices(ref: Ref, notices: list[Notice]) -> list[str]:
    """Find events that are foreign, and evidence of another amount or currency."""
    return [
        f"{one}"
        for one in notices
        if one.foreign
        or one.reference not in (None, ref.reference)
        or (one.snapshot and (one.snapshot.amount, one.snapshot.currency) != (AMOUNT, "EUR"))
    ]


def _is_accepted(payments: Payments, webhook: Webhook) -> bool:
    try:
        return bool(payments.parse_webhook(webhook.body, webhook.headers, utc_now()))
    except BadSignature:
        return False
