import json
from datetime import timedelta

import pytest

from mercato_contracts.payments import BadSignature
from mercato_kit.db import new_id, utc_now
from mercato_payments_stripe.webhooks import EVENTS, notices_of
from mercato_payments_stripe.wire import API_VERSION

from .local_stripe.events import signed

SECRETS = ["whsec_new", "whsec_old"]
OURS = "shop-1"


def parsed(body, *, secret=SECRETS[0], headers=None, at=None):
    """Return the notice of a webhook, signed now."""
    now = utc_now()
    text = body if isinstance(body, str) else json.dumps(body)
    if headers is None:
        headers = signed(text, secret, int((at or now).timestamp()))
    [notice] = notices_of(text.encode(), headers, now, secrets=SECRETS, installations=[OURS])
    return notice


def event(thing, type_="payment_intent.succeeded", **values):
    """Return an event about an object."""
    head = {"id": "evt_1", "type": type_, "created": 1_700_000_000, "api_version": API_VERSION}
    return {**head, "data": {"object": thing}, **values}


def intent(**values):
    """Return a payment intent of this shop."""
    return {
        "object": "payment_intent",
        "id": "pi_1",
        "status": "succeeded",
        "amount": 1990,
        "amount_received": 1990,
        "currency": "eur",
        "created": 1_700_000_000,
        "latest_charge": "ch_1",
        "metadata": {"installation": OURS, "payment_id": str(new_id())},
        **values,
    }


class TestNoticesOf:
    def test_shows_what_is_final(self):
        """A captured payment is known from its event, but for the refunds, which it lacks."""
        found = parsed(event(intent()))

        assert (found.reference, found.snapshot.state) == ("pi_1", "captured")
        assert (found.snapshot.amount_captured, found.snapshot.refunds) == (1990, None)

    @pytest.mark.parametrize(
        ("type_", "version"),
        [
            ("payment_intent.payment_failed", API_VERSION),
            ("payment_intent.amount_capturable_updated", API_VERSION),
            ("payment_intent.succeeded", "2020-08-27"),
            ("payment_intent.succeeded", None),
        ],
    )
    def test_only_names_what_has_to_be_fetched(self, type_, version):
        """What is not final, or of another version of the API, is read from Stripe."""
        shown = intent()

        found = parsed(event(shown, type_, api_version=version))

        assert (str(found.payment_id), found.reference) == (
            shown["metadata"]["payment_id"],
            "pi_1",
        )
        assert (found.snapshot, found.foreign) == (None, False)

    def test_reads_other_shapes_of_other_versions(self):
        """Of another version only ids are read, since its objects may be of another form."""
        old = {"object": "payment_intent", "id": "pi_1", "amount": "19.90"}

        found = parsed(event(old | {"metadata": {"installation": OURS}}, api_version="2019-01-01"))

        assert (found.reference, found.foreign) == ("pi_1", False)

    @pytest.mark.parametrize(
        "thing",
        [
            {"object": "refund", "id": "re_1", "payment_intent": "pi_1", "metadata": {}},
            {"object": "refund", "id": "re_1", "payment_intent": {"id": "pi_1"}},
            {"object": "dispute", "id": "dp_1", "payment_intent": "pi_1", "metadata": {}},
            {
                "object": "charge",
                "id": "ch_1",
                "payment_intent": "pi_1",
                "metadata": {"installation": OURS},
            },
        ],
    )
    def test_names_the_payment_of_refunds_and_disputes(self, thing):
        """What staff or banks make at Stripe has no metadata, and names the intent."""
        found = parsed(event(thing, "refund.created"))

        assert (found.reference, found.foreign, found.snapshot) == ("pi_1", False, None)

    @pytest.mark.parametrize(
        "thing",
        [
            intent(metadata={"installation": "shop-2"}),
            intent(metadata={}),
            intent(metadata=None),
            {"object": "customer", "id": "cus_1"},
            {"object": "charge", "id": "ch_1", "payment_intent": None},
            {
                "object": "refund",
                "id": "re_1",
                "payment_intent": "pi_1",
                "metadata": {"installation": "shop-2"},
            },
        ],
    )
    def test_leaves_what_is_not_of_this_shop(self, thing):
        """Other shops, and other things of the account, are foreign."""
        assert parsed(event(thing)).foreign

    def test_leaves_what_says_nothing(self):
        """An event that is not needed is left, though it is about a payment of this shop."""
        assert parsed(event(intent(), "payment_intent.created")).foreign

    @pytest.mark.parametrize("secret", SECRETS)
    def test_takes_each_secret(self, secret):
        """Two secrets are taken while one is replaced."""
        assert parsed(event(intent()), secret=secret).event_id == "evt_1"

    @pytest.mark.parametrize(
        "body",
        [
            *("", "null", "[]", "7", '"text"', "{}", "{", '{"id": 1}', '{"data": {}}'),
            json.dumps(event(None)),
            json.dumps(event([])),
            json.dumps(event({"object": "payment_intent"})),
            json.dumps(event({"object": "payment_intent", "id": 7})),
            json.dumps(event(intent(metadata=[]))),
            json.dumps(event(intent(amount="much"))),
            json.dumps(event(intent(status="new"))),
            json.dumps(event(intent(currency="isk", amount=550))),
            json.dumps(event(intent(), created="now")),
        ],
    )
    def test_refuses_malformed_bodies_that_are_signed(self, body):
        """A body that is not an event is bad, although it is signed."""
        with pytest.raises(BadSignature):
            parsed(body)

    @pytest.mark.parametrize(
        "header",
        [
            *("", "t=", "v1=0", "t=1", "t=x,v1=0", "t=1_0,v1=0", "t=\u0661,v1=0", "t=-1,v1=0"),
            *("t=9999999999999,v1=0", "t=1,v1=\u00e9", "=,=,=", "t=1,t=2,v1", "\x00"),
        ],
    )
    def test_refuses_malformed_headers(self, header):
        """A header that the library cannot read is a bad signature, and no other error."""
        with pytest.raises(BadSignature):
            parsed(event(intent()), headers={"Stripe-Signature": header})

    @pytest.mark.parametrize("header", ["é", "t={now},v1=é", "t={now},v0=0", "t={now}"])
    def test_refuses_what_cannot_be_compared(self, header):
        """A signature with other than ASCII characters is refused, also in time."""
        seconds = int(utc_now().timestamp())

        with pytest.raises(BadSignature):
            parsed(event(intent()), headers={"Stripe-Signature": header.format(now=seconds)})

    def test_refuses_bodies_that_are_no_text(self):
        """Bytes that are not UTF-8 are refused."""
        now = utc_now()
        headers = {"Stripe-Signature": f"t={int(now.timestamp())},v1=0"}

        with pytest.raises(BadSignature):
            notices_of(b"\xff", headers, now, secrets=SECRETS, installations=[OURS])

    @pytest.mark.parametrize("seconds", [-310, 310])
    def test_refuses_other_times(self, seconds):
        """A webhook of long ago, or from the future, is refused."""
        with pytest.raises(BadSignature):
            parsed(event(intent()), at=utc_now() + timedelta(seconds=seconds))

    def test_without_secrets_refuses_all(self):
        """A shop that has no secret takes no webhook."""
        now = utc_now()
        body = json.dumps(event(intent()))
        headers = signed(body, "", int(now.timestamp()))

        with pytest.raises(BadSignature):
            notices_of(body.encode(), headers, now, secrets=[], installations=[OURS])


class TestEvents:
    def test_are_known_to_stripe(self, stripe):
        """What a local payment with a refund and a dispute causes is among them."""
        reference = stripe.intent()
        stripe.confirm(reference, "disputed")
        stripe.post("refunds", payment_intent=reference, amount=100)
        stripe.admin("clock", advance_seconds=3)

        caused = {json.loads(one)["type"] for one in stripe.events()}

        assert caused - {*EVENTS} == {"payment_intent.created"}
