from mercato_kit.db import new_id

from . import factories
from .factories import order_of


def quote_of(*lines, **members):
    """Return the request body of a quote."""
    body = order_of(*lines, **members)
    del body["shipping_address"]
    return body


class TestQuoteOrder:
    def test_anyone_may_get_a_quote(self, client, item):
        """The response has a priced line for each variant, and the totals."""
        quoted = client.post("/v1/orders/quote", json=quote_of((item, 3)))

        assert quoted.status_code == 200, quoted.json
        (line,) = quoted.json["lines"]
        assert (line["unit_amount"], line["quantity"], line["amount_total"]) == (1_250, 3, 3_750)
        assert (quoted.json["amount_total"], quoted.json["currency"]) == (3_750, "EUR")
        assert quoted.json["warnings"] == []

    def test_insufficient_stock_gives_a_warning(self, client, commit):
        """A quote for more units than available has a warning and a price."""
        scarce = commit(factories.make_item, in_stock=2)

        quoted = client.post("/v1/orders/quote", json=quote_of((scarce, 3))).json

        assert quoted["warnings"] == [
            {"code": "insufficient_stock", "variant_id": str(scarce), "requested": 3}
        ]

    def test_untracked_variants_have_no_warning(self, client, commit):
        """A variant without tracked stock has no warning."""
        download = commit(factories.make_item, in_stock=None)

        quoted = client.post("/v1/orders/quote", json=quote_of((download, 999))).json

        assert quoted["warnings"] == []

    def test_unavailable_variants_are_refused(self, client):
        """A variant that is not for sale cannot be priced."""
        unknown = new_id()

        refused = client.post("/v1/orders/quote", json=quote_of((unknown, 1)))

        assert (refused.status_code, refused.json["code"]) == (409, "variant_unavailable")

    def test_an_address_is_accepted(self, client, item):
        """A quote accepts a shipping address."""
        quoted = client.post("/v1/orders/quote", json=order_of((item, 1)))

        assert quoted.status_code == 200

    def test_nothing_is_written(self, client, item, commit, outbox):
        """A quote reserves no units and publishes no event."""
        client.post("/v1/orders/quote", json=quote_of((item, 3)))

        assert commit(factories.count_reserved, item) == 0
        assert outbox() == []

    def test_it_takes_one_statement(self, client, commit, statements):
        """A quote of 20 lines is one SELECT."""
        items = [commit(factories.make_item, sku=f"SKU-{number}") for number in range(20)]

        with statements as sent:
            client.post("/v1/orders/quote", json=quote_of(*[(item, 1) for item in items]))

        assert len(sent) == 1, sent
