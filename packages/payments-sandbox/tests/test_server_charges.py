import pytest

from mercato_kit.db import new_id
from mercato_payments_sandbox.cards import CARDS

AT_ONCE = {
    "4242": ("captured", 1990, None),
    "0002": ("failed", 0, "card_declined"),
    "9995": ("failed", 0, "insufficient_funds"),
    "3220": ("requires_action", 0, None),
    "0150": ("processing", 0, None),
    "0168": ("processing", 0, None),
    "0176": ("captured", 1990, None),
    "0184": ("captured", 1990, None),
    "0192": ("captured", 1990, None),
    "0200": ("captured", 1990, None),
    "0218": ("captured", 1990, None),
    "0226": ("captured", 1990, None),
    "0234": ("captured", 1990, None),
    "0259": ("captured", 1990, None),
}


class TestConfirm:
    @pytest.mark.parametrize("card", AT_ONCE)
    def test_does_what_the_card_says(self, api, card):
        """The answer has the state of the card, the money that moved, and why it failed."""
        _, answer = api.pay(card)

        payment = answer.json()
        said = (payment["state"], payment["amount_captured"], payment["error_code"])
        assert said == AT_ONCE[card]
        moved = [("capture", 1990)] if payment["amount_captured"] else []
        assert api.movements() == moved

    def test_takes_test_cards_only(self, api):
        """Any other number is refused, and the payment can still be confirmed."""
        path, refused = api.pay("0001")

        assert (refused.status_code, refused.json()["error"]["code"]) == (
            400,
            "payment_method_unknown",
        )
        assert api.confirm(path, "4242").json()["state"] == "captured"

    def test_fails_once_before_the_charge(self, api):
        """Card 0135 answers 500 without an effect; the same key pays the second time."""
        path = api.open()
        key = str(new_id())

        first, second = (api.confirm(path, "0135", key=key) for _ in range(2))

        assert (first.status_code, second.json()["state"]) == (500, "captured")
        assert api.movements() == [("capture", 1990)]

    def test_fails_after_the_charge(self, api):
        """Card 0143 is charged and answers 500, also when the key is repeated."""
        path = api.open()
        key = str(new_id())

        statuses = [api.confirm(path, "0143", key=key).status_code for _ in range(2)]

        assert statuses == [500, 500]
        assert api.get(path)["state"] == "captured"
        assert api.movements() == [("capture", 1990)]

    @pytest.mark.parametrize(
        ("card", "capture", "state", "code"),
        [
            ("0150", "now", "captured", None),
            ("0150", "later", "authorized", None),
            ("0168", "now", "failed", "bank_refused"),
            ("0226", "later", "canceled", "authorization_expired"),
        ],
    )
    def test_goes_on_by_itself(self, api, card, capture, state, code):
        """Banks decide after 2 s, and the authorisation of a card is gone after 10 s."""
        path, _ = api.pay(card, capture=capture)

        api.admin("clock", {"advance_seconds": 11})

        payment = api.get(path)
        assert (payment["state"], payment["error_code"]) == (state, code)

    def test_authorisations_end_after_a_week(self, api):
        """An authorisation lasts 7 days; a captured part stays captured."""
        one, two = (api.pay("4242", capture="later")[0] for _ in range(2))
        api.post(f"{two}/capture", {"capture_id": str(new_id()), "amount": 90, "final": False})

        api.admin("clock", {"advance_seconds": 7 * 86_400 + 1})

        found = [(api.get(it)["state"], api.get(it)["amount_captured"]) for it in (one, two)]
        assert found == [("canceled", 0), ("captured", 90)]

    def test_is_disputed(self, api):
        """Card 0259 is disputed after 2 s."""
        path, _ = api.pay("0259")

        api.admin("clock", {"advance_seconds": 3})

        assert api.get(path)["disputed"] is True

    def test_has_a_card_for_every_behaviour(self):
        """The cards of this file and of the other files are all that there are."""
        elsewhere = {"0101", "0119", "0127", "0135", "0143"}

        assert {number[-4:] for number in CARDS} == {*AT_ONCE, *elsewhere}


class TestCapture:
    def test_can_be_declined(self, api):
        """Card 0234 declines the capture of its authorisation, which stays."""
        path, _ = api.pay("0234", capture="later")
        body = {"capture_id": str(new_id()), "amount": 1990, "final": True}

        refused = api.post(f"{path}/capture", body)

        assert (refused.status_code, refused.json()["error"]["code"]) == (402, "capture_declined")
        assert api.get(path)["state"] == "authorized"


class TestVoid:
    def test_leaves_what_a_bank_processes(self, api):
        """A payment that a bank processes cannot be closed, and is paid later."""
        path, _ = api.pay("0150")

        voided = api.post(f"{path}/void").json()
        api.admin("clock", {"advance_seconds": 3})

        assert (voided["state"], api.get(path)["state"]) == ("processing", "captured")


class TestRefund:
    @pytest.mark.parametrize(
        ("card", "states", "moved"),
        [
            ("4242", ["succeeded", "succeeded"], ["refund"]),
            ("0176", ["pending", "succeeded"], ["refund"]),
            ("0184", ["succeeded", "failed"], ["refund", "refund_returned"]),
        ],
    )
    def test_succeeds_now_later_or_not_for_long(self, api, card, states, moved):
        """Card 0176 has pending refunds, and those of 0184 fail after they succeeded."""
        path, _ = api.pay(card)

        refund = api.post(f"{path}/refunds", {"amount": 90, "refund_id": str(new_id())}).json()
        api.admin("clock", {"advance_seconds": 3})
        later = api.get(f"/refunds/{refund['id']}")

        assert [refund["state"], later["state"]] == states
        assert [kind for kind, _ in api.movements()[1:]] == moved
        assert api.charge()["refunded"] == (0 if "failed" in states else 90)

    def test_pending_ones_count(self, api):
        """What is pending cannot be refunded again."""
        path, _ = api.pay("0176")
        api.post(f"{path}/refunds", {"amount": 1900})

        refused = api.post(f"{path}/refunds", {"amount": 91})

        code = refused.json()["error"]["code"]
        assert (refused.status_code, code) == (400, "refund_exceeds_captured")
