"""The suites of the contract payments."""

import inspect
import itertools
import json
from dataclasses import replace

import pytest
from flask import Flask

from mercato_contracts.payments import (
    Capabilities,
    NextAction,
    Notice,
    RefundSnapshot,
    Refused,
)
from mercato_testing.contracts import AuthorizingPaymentsSuite
from mercato_testing.samples.notes import feature  # noqa: F401 - under test

from .toy_bank import ToyBank, with_amount


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
class TestAGoodProvider(AuthorizingPaymentsSuite):
    @pytest.fixture
    def driver(self):
        """A bank each."""
        return ToyBank()

    @pytest.fixture
    def payments(self, app, driver):
        """The bank itself."""
        return driver


class _BadName(ToyBank):
    name = "Toy Bank"


class _TimesHundred(ToyBank):
    def make(self, charge):
        factor = 1 if charge.currency == "EUR" else 100
        return super().make(with_amount(charge, factor))


class _UndoesCaptures(ToyBank):
    def close(self, reference):
        self.accounts[reference].state = "canceled"
        return self.shown(reference)


class _CapturesAgain(ToyBank):
    def take_part(self, reference, amount, *, final):
        return self.shown(reference)


class _LosesOurId(ToyBank):
    def give_back(self, reference, refund_id, amount):
        return replace(super().give_back(reference, refund_id, amount), refund_id=None)


class _AllOrNothing(ToyBank):
    def give_back(self, reference, refund_id, amount):
        if amount != self.accounts[reference].left:
            raise Refused("not_in_part")
        return super().give_back(reference, refund_id, amount)


class _Credulous(ToyBank):
    def is_signed(self, body, signature, now):
        return True

    def parse_webhook(self, body, headers, now):
        try:
            return super().parse_webhook(body, headers, now)
        except (ValueError, KeyError, TypeError):
            return []


class _ChargesWhenOpened(ToyBank):
    def make(self, charge):
        reference = super().make(charge)
        self.take(self.accounts[reference])
        return reference


class _Stale(ToyBank):
    def fetch(self, ref):
        return super().fetch(ref) and replace(super().fetch(ref), refunds=())


class _Inventive(ToyBank):
    def fetch(self, ref):
        if ref.reference not in self.accounts:
            raise Refused("not_found")
        return super().fetch(ref)


class _DeclinesForNow(ToyBank):
    def fail(self, account):
        account.error_code = "declined"


class _Mute(ToyBank):
    def shown(self, reference):
        return replace(super().shown(reference), next_action=None)


class _TakesAnyAnswer(ToyBank):
    def answer_challenge(self, ref, *, approved):
        super().answer_challenge(ref, approved=True)


class _ForgetsClosing(ToyBank):
    def close(self, reference):
        return replace(self.shown(reference), state="canceled")


class _KeepsChallenges(_ForgetsClosing):
    """Differs in what the customer does later."""


class _ForgetsKeys(ToyBank):
    def once(self, key, do):
        return super().once(f"{key}{next(self.numbers)}", do)

    numbers = itertools.count()


class _Generous(ToyBank):
    def give_back(self, reference, refund_id, amount):
        made = RefundSnapshot("succeeded", amount, "r", refund_id)
        self.accounts[reference].refunds.append(made)
        return made


class _ChargesTwice(ToyBank):
    def confirm(self, charge, ref, key):
        if key in self.answers:
            self.accounts[ref.reference].captured += charge.amount
            return self.shown(ref.reference)
        return super().confirm(charge, ref, key)


class _Talkative(ToyBank):
    def once(self, key, do):
        return super().once(key, do) if self.silent is None else None


class _BlamesCustomers(ToyBank):
    def with_wrong_credentials(self):
        class Refusing(ToyBank):
            def make(self, charge):
                raise Refused("declined")

        return Refusing()


class _HidesOthersRefunds(ToyBank):
    def shown(self, reference):
        found = super().shown(reference)
        return replace(found, refunds=tuple(one for one in found.refunds if one.refund_id))


class _CountsWebhooks(ToyBank):
    def parse_webhook(self, body, headers, now):
        [notice] = super().parse_webhook(body, headers, now)
        self.events.append(body)
        return [replace(notice, event_id=f"{len(self.events)}")]


class _NamesNothing(ToyBank):
    def parse_webhook(self, body, headers, now):
        [notice] = super().parse_webhook(body, headers, now)
        return [Notice(notice.event_id, notice.type)]


class _SignsHeadersOnly(ToyBank):
    def is_signed(self, body, signature, now):
        return bool(signature)


class _Timeless(ToyBank):
    def is_signed(self, body, signature, now):
        return super().is_signed(body, signature, at_time_of(signature, now))


class _OneSecret(ToyBank):
    secrets = ("new",)


class _TakesAll(ToyBank):
    def parse_webhook(self, body, headers, now):
        return [Notice(json.loads(body)["id"], "changed")]


class _SaysNothing(ToyBank):
    capabilities = Capabilities()


class _CapturesAtOnce(ToyBank):
    def take(self, account):
        account.state, account.captured = "captured", account.charge.amount


class _CapturesClosed(ToyBank):
    def take_part(self, reference, amount, *, final):
        self.accounts[reference].state = "authorized"
        return super().take_part(reference, amount, final=final)


class _KeepsTheRest(ToyBank):
    def take_part(self, reference, amount, *, final):
        return super().take_part(reference, amount, final=False)


class _OneCapture(ToyBank):
    def take_part(self, reference, amount, *, final):
        return super().take_part(reference, amount, final=True)


class _Unlimited(ToyBank):
    def take_part(self, reference, amount, *, final):
        self.accounts[reference].captured += amount
        return self.shown(reference)


class _CountsCaptures(ToyBank):
    def capture(self, ref, capture_id, amount, final, key):
        self.answers.pop(key, None)
        self.accounts[ref.reference].state = "authorized"
        self.accounts[ref.reference].charge = with_amount(self.accounts[ref.reference].charge, 2)
        return super().capture(ref, capture_id, amount, final, key)


class _Unread(ToyBank):
    def shown(self, reference):
        return replace(super().shown(reference), next_action=NextAction("client"))


BROKEN = {
    _BadName: "has_a_name_for_the_api",
    _TimesHundred: "captures_what_is_charged",
    _UndoesCaptures: "void_of_a_captured_payment_says_so",
    _CapturesAgain: "captures_nothing_twice",
    _LosesOurId: "refunds_all",
    _AllOrNothing: "refunds_a_part_if_it_can",
    _Credulous: "refuses_webhooks_that_it_did_not_sign",
    _ChargesWhenOpened: "opening_moves_no_money",
    _Stale: "fetch_sees_what_was_done",
    _Inventive: "fetch_of_what_never_existed_is_none",
    _DeclinesForNow: "a_decline_is_final",
    _Mute: "asks_for_3d_secure",
    _Unread: "asks_for_3d_secure",
    _TakesAnyAnswer: "a_customer_may_fail_3d_secure",
    _ForgetsClosing: "void_closes_for_ever",
    _KeepsChallenges: "void_ends_3d_secure",
    _ForgetsKeys: "one_key_has_one_effect",
    _Generous: "refunds_no_more_than_was_captured",
    _ChargesTwice: "a_lost_answer_is_unknown",
    _Talkative: "a_lost_answer_is_unknown",
    _BlamesCustomers: "says_when_credentials_are_wrong",
    _HidesOthersRefunds: "tells_of_refunds_by_hand",
    _CountsWebhooks: "tells_of_payments_by_webhook",
    _NamesNothing: "tells_of_payments_by_webhook",
    _SignsHeadersOnly: "refuses_changed_webhooks",
    _Timeless: "webhooks_have_their_time",
    _OneSecret: "takes_webhooks_of_a_former_secret",
    _TakesAll: "leaves_the_payments_of_others",
    _SaysNothing: "says_that_it_authorizes",
    _CapturesAtOnce: "authorizes_first",
    _CapturesClosed: "void_releases_an_authorisation",
    _KeepsTheRest: "captures_a_part_if_it_can",
    _OneCapture: "captures_several_times_if_it_can",
    _Unlimited: "captures_no_more_than_was_authorized",
    _CountsCaptures: "one_key_captures_once",
}
"""The promise that each provider breaks."""

CASES = {
    "currency": "JPY",
    "body": b"{}",
    "signature": None,
    "effect": True,
    "seconds": 310,
    "sign": 1,
    "accepted": False,
}
"""Values of the parameters of tests."""


class TestSuites:
    @pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__[1:])
    def test_find_broken_providers(self, kind):
        """Each promise has a provider that breaks it and is found, and one that keeps it."""
        with pytest.raises((pytest.fail.Exception, Refused)):
            call(BROKEN[kind], kind())

        call(BROKEN[kind], ToyBank())

    def test_no_promise_is_left_out(self):
        """Every test of the suites has a provider that it finds."""
        tests = {name for name in dir(AuthorizingPaymentsSuite) if name.startswith("test_")}

        assert {f"test_{name}" for name in BROKEN.values()} == tests


def call(name, bank):
    """Call a test of the suites with a bank."""
    test = getattr(AuthorizingPaymentsSuite(), f"test_{name}")
    given = {"payments": bank, "driver": bank, "method": bank.pays, "app": Flask("test"), **CASES}
    test(**{one: given[one] for one in inspect.signature(test).parameters})


def at_time_of(signature, now):
    """Return the time of a signature."""
    seconds = signature.partition(":")[0]
    return now.fromtimestamp(int(seconds), now.tzinfo) if seconds.isdecimal() else now
