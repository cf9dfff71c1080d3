import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from mercato_kit import work
from mercato_kit.db import session, utc_now
from mercato_kit.privacy import Subject
from mercato_orders import services
from mercato_orders.cli.orders import orders as group
from mercato_orders.models import FiscalHold
from mercato_orders.privacy import erase

from . import factories, money


@pytest.fixture
def settings():
    """The law asks for ten years."""
    return {"fiscal_hold_years": 10}


@pytest.fixture
def held(alice, sent, commit):
    """The body of a paid order whose customer was erased, and what the erasure retained."""
    return sent, commit(erase, Subject(alice.sub)).waiting


@pytest.fixture
def show(app):
    """A function that runs ``mercato orders hold``."""

    def run(*arguments):
        with app.app_context():
            return work.run(lambda: CliRunner().invoke(group, ["hold", *map(str, arguments)]))

    return run


class TestHold:
    def test_keeps_a_paid_order_until_the_end_of_a_year(self, held):
        """The report names how many orders are held, and until when."""
        _, [one] = held

        end = datetime(utc_now().year + 11, 1, 1, tzinfo=UTC)
        assert (one.reason, one.until, one.count) == ("fiscal_hold", end, 1)

    def test_moves_it_out_of_the_order(self, held, charlie, commit):
        """The order keeps its country alone, and the row is sealed."""
        order, _ = held

        shown = charlie.get(f"/v1/orders/{order['id']}").json
        sealed = commit(lambda: session.scalars(sa.select(FiscalHold.body_sealed)).one())

        assert (shown["customer_name"], shown["shipping_address"]) == (None, {"country": "IT"})
        assert b"Market" not in sealed

    def test_stays_as_it_was_when_the_erasure_runs_again(self, alice, held, show, commit):
        """A second run does not overwrite it with what is left."""
        order, first = held

        again = commit(erase, Subject(alice.sub)).waiting

        assert again == first
        assert factories.ADDRESS["line1"] in show(order["number"]).output

    def test_leaves_out_what_was_never_paid(self, alice, alices_order, commit):
        """An order without money needs no bill."""
        commit(factories.let_time_pass, alices_order["id"])
        commit(services.expire_order, UUID(alices_order["id"]))

        assert commit(erase, Subject(alice.sub)).waiting == []

    def test_of_an_open_order_is_complete_when_it_ends(self, alice, paid, show, commit):
        """Name and bill stay with an open order, since they will be held."""
        commit(erase, Subject(alice.sub))
        commit(money.ship, paid["id"])

        commit(erase, Subject(alice.sub))

        body = json.loads(show(paid["number"], "--json").output)
        assert body["customer_name"] == paid["customer_name"]
        assert body["shipping_address"] == factories.ADDRESS


class TestReadHold:
    def test_is_shown_to_operators(self, held, show):
        """The command shows name, addresses and tax id, in words or as JSON."""
        order, _ = held

        shown, as_json = show(order["number"]), show(order["number"], "--json")

        assert "shipping_address: Alice Archer, 1 Market Street" in shown.output
        body = json.loads(as_json.output)
        assert body["number"] == order["number"]
        assert body["shipping_address"] == factories.ADDRESS
        assert {"customer_name", "billing_address", "tax_id"} < set(body)

    def test_is_recorded(self, held, show, security_log):
        """The security log names the order that was read."""
        order, _ = held

        show(order["number"])

        (line,) = [one for one in security_log() if one["event"] == "fiscal_hold_read"]
        assert line["order_id"] == UUID(order["id"])

    def test_of_another_order_is_refused(self, alices_order, show):
        """An order of which nothing is held has nothing to show."""
        refused = show(alices_order["number"])

        assert (refused.exit_code, refused.output) == (
            1,
            f"Error: nothing is held of order {alices_order['number']}\n",
        )


class TestForgetHolds:
    def test_deletes_what_is_over(self, held, show, commit):
        """A job deletes what the law no longer asks for."""
        order, _ = held
        assert commit(services.forget_holds) == 0
        past = sa.update(FiscalHold).values(until=utc_now() - timedelta(days=1))
        commit(lambda: session.execute(past))

        assert commit(services.forget_holds) == 1
        assert show(order["number"]).exit_code == 1
