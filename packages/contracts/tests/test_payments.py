import dataclasses
import inspect
from datetime import UTC, datetime
from typing import get_args

import pytest

from mercato_contracts import payments
from mercato_contracts.payments import Capabilities, Payments, RefundState, Refused, Snapshot, State


class TestPayments:
    def test_keeps_its_signatures(self):
        """The parameters of version 1 do not change."""
        parameters = {
            name: tuple(inspect.signature(member).parameters)[1:]
            for name, member in vars(Payments).items()
            if inspect.isfunction(member) and not name.startswith("_")
        }

        assert parameters == {
            "check": ("charge",),
            "open": ("charge", "key"),
            "confirm": ("charge", "ref", "key"),
            "fetch": ("ref",),
            "capture": ("ref", "capture_id", "amount", "final", "key"),
            "void": ("ref", "key"),
            "refund": ("ref", "refund_id", "amount", "reason", "key"),
            "parse_webhook": ("body", "headers", "now"),
        }
        assert Payments.__annotations__ == {"name": str, "capabilities": Capabilities}

    def test_says_which_methods_wait(self):
        """Checks and webhooks ask no other machine; everything else may."""
        assert (payments.ANSWERS, {*payments.REMOTE} & {"check", "parse_webhook"}) == (
            "many",
            set(),
        )
        assert all(hasattr(Payments, name) for name in payments.REMOTE)


class TestSnapshot:
    def test_has_the_states_of_a_payment(self):
        """A payment has six states at its provider, a refund four."""
        assert get_args(State) == (
            "processing",
            "requires_action",
            "authorized",
            "captured",
            "failed",
            "canceled",
        )
        assert get_args(RefundState) == ("pending", "succeeded", "failed", "canceled")

    def test_is_a_value(self):
        """A snapshot is frozen, and what a provider does not know has a default."""
        snapshot = Snapshot("captured", 100, "EUR", 100, None, datetime.now(UTC))

        assert (snapshot.next_action, snapshot.disputed) == (None, False)
        with pytest.raises(dataclasses.FrozenInstanceError):
            snapshot.amount = 1


class TestRefused:
    def test_has_a_code(self):
        """A refusal says why, for programs and for people."""
        refusal = Refused("card_declined", "The card was declined.")

        assert (refusal.code, refusal.detail) == ("card_declined", "The card was declined.")
        assert str(refusal) == "the provider refused: card_declined"
