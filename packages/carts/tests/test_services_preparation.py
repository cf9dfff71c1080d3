"""Carts where a part of the price comes from another machine."""

import dataclasses

import pytest

from mercato_contracts.orders import OrderRefused, Orders
from mercato_contracts.taxes import Taxes
from mercato_kit import work
from mercato_kit.db import session
from mercato_kit.feature import Offer
from mercato_kit.http import Outdated
from mercato_testing.fakes import fake

from . import factories
from .factories import Shopper
from .fakes import SHOP, ShopOrders


class FarOrders(ShopOrders):
    """Needs answers of other machines, which are asked outside of a transaction."""

    asked: list = []  # noqa: RUF012 - the tests empty it

    def prepare(self, wanted):
        """Remember what is asked about."""
        if work.is_writing() or session().in_transaction():
            raise AssertionError("asked within a transaction")
        self.asked.append(wanted)
        return lines_and_codes(wanted)

    def quote(self, wanted, prepared=None):
        """Check that the answers are those for the same lines and codes."""
        if prepared is None:
            raise OrderRefused(503, "provider_unavailable")
        if prepared != lines_and_codes(wanted):
            raise Outdated
        return super().quote(wanted)


def lines_and_codes(wanted):
    """Return what answers are kept by."""
    return wanted.lines, wanted.discount_codes


def _assess(basket):
    raise AssertionError("the fake of orders asks no taxes")


FAR_TAXES = fake(Taxes, name="far", remote=True, assess=_assess)


def shop_of(orders):
    """Return the fake shop with another provider of orders."""
    offers = [offer for offer in SHOP.offers if offer.contract is not Orders]
    return dataclasses.replace(SHOP, offers=[*offers, Offer(Orders, "1.0", orders)])


FAR_SHOP = shop_of(FarOrders)


@pytest.fixture(autouse=True)
def _nothing_asked():
    FarOrders.asked.clear()


class TestPreparePrice:
    @pytest.fixture
    def fakes(self):
        """The fake shop whose prices need another machine."""
        return [FAR_SHOP, FAR_TAXES]

    def test_a_cart_is_priced(self, guest, lamp):
        """A read asks before its transaction, again without the codes that do not apply."""
        guest.add(lamp)
        guest.enter("GONE", "TEN")

        cart = guest.get()

        assert (cart["totals"]["amount_total"], cart["refusal"]) == (1_125, None)
        assert [wanted.discount_codes for wanted in FarOrders.asked] == [("GONE", "TEN"), ("TEN",)]

    def test_a_change_has_no_price(self, guest, lamp):
        """A change does not wait for other machines: the price comes with the next read."""
        changed = guest.add(lamp).json

        assert (changed["refusal"], changed["totals"]) == ("provider_unavailable", None)
        assert FarOrders.asked == []

    def test_a_cart_is_ordered(self, guest, lamp, commit):
        """The order is placed with the answers, and the codes that apply; a repeat asks nothing."""
        guest.add(lamp)
        guest.enter("GONE", "TEN")

        answers = [guest.check_out(1_125) for _ in range(2)]

        (order,) = commit(factories.orders)
        assert {answer.status_code for answer in answers} == {200}
        assert answers[0].json == answers[1].json
        assert order.data["codes"] == ["TEN"]
        assert len(FarOrders.asked) == 2

    def test_an_abandoned_cart_is_announced(self, guest, lamp, commit, run_worker, outbox):
        """The worker asks before its transaction, and the event has the total."""
        guest.add(lamp)
        commit(factories.let_time_pass, guest.id, hours=25)

        run_worker()

        (event,) = outbox("cart.abandoned")
        assert event.payload["amount_total"] == 1_250

    def test_a_closed_cart_is_shown(self, alice, guest, lamp):
        """A cart without a price asks nobody."""
        guest.add(lamp)
        factories.merge(alice, guest)
        FarOrders.asked.clear()

        assert guest.get()["status"] == "merged"
        assert FarOrders.asked == []

    def test_others_get_404(self, bob, guest, lamp):
        """A stranger learns nothing, and asks nobody."""
        guest.add(lamp)
        stranger = Shopper(bob)
        stranger.path = guest.path

        assert stranger.send("GET").status_code == 404
        assert FarOrders.asked == []
