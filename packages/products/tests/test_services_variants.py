import pytest

from mercato_kit.db import new_id

from . import factories


class TestListVariants:
    def test_finds_those_of_a_cart(self, client, commit, mug):
        """By sku and by id, many at once, with their prices."""
        _, (one, two) = mug
        skus = [client.get(f"/v1/variants/{each}").json["sku"] for each in (one, two)]

        by_sku = client.get(f"/v1/variants?sku={','.join(skus)}").json["data"]
        by_id = client.get(f"/v1/variants?ids={two},{new_id()}").json["data"]

        assert [variant["sku"] for variant in by_sku] == sorted(skus)
        assert [(variant["id"], variant["prices"][0]["unit_amount"]) for variant in by_id] == [
            (str(two), 1690)
        ]

    def test_shows_the_public_what_is_for_sale(self, client, charlie, commit, mug):
        """Variants of drafts, and archived ones, are for staff."""
        _, (one, two) = mug
        _, (hidden,) = commit(factories.make_product, status="draft")
        charlie.delete(f"/v1/variants/{one}", headers={"If-Match": '"1"'})

        seen = [
            {variant["id"] for variant in caller.get("/v1/variants").json["data"]}
            for caller in (client, charlie)
        ]

        assert seen == [{str(two)}, {str(one), str(two), str(hidden)}]
        assert client.get(f"/v1/variants/{hidden}").status_code == 404
        assert charlie.get(f"/v1/variants/{hidden}").status_code == 200

    def test_lists_those_of_a_product(self, client, commit, mug):
        """In their order, page by page; of an unknown product there are none to list."""
        product_id, (one, two) = mug
        url = f"/v1/products/{product_id}/variants?limit=1"

        first = client.get(url).json
        second = client.get(f"{url}&cursor={first['next_cursor']}").json

        assert [page["data"][0]["id"] for page in (first, second)] == [str(one), str(two)]
        assert client.get(f"/v1/products/{new_id()}/variants").status_code == 404

    @pytest.mark.parametrize("variants", [1, 5, 20])
    def test_needs_two_statements(self, client, commit, statements, variants):
        """Variants and prices, however many there are."""
        commit(factories.make_product, variants=variants)

        with statements as sent:
            client.get("/v1/variants")

        assert len(sent) == 2, sent


class TestAddVariant:
    def test_adds_one(self, client, charlie, mug):
        """It stands behind the others; the product's version and prices follow."""
        product_id, _ = mug

        added = charlie.post(
            f"/v1/products/{product_id}/variants",
            json={
                "sku": "NEW",
                "option_values": {"Colour": "Red"},
                "prices": [{"currency": "EUR", "unit_amount": 2000}],
            },
        )

        assert (added.status_code, added.json["position"], added.json["name"]) == (201, 2, "Red")
        assert added.headers["Location"].endswith(f"/v1/variants/{added.json['id']}")
        assert factories.version_of(client, product_id) == 2
        assert factories.price_range_of(client) == (1690, 2000)

    def test_tells_an_empty_product_its_options(self, charlie):
        """A product without variants takes its options from the first one."""
        product_id = charlie.post("/v1/products", json={"name": "Shirt"}).json["id"]
        sent = {"sku": "SHIRT-M", "option_values": {"Size": "M"}}

        added = charlie.post(f"/v1/products/{product_id}/variants", json=sent)

        assert added.status_code == 201
        assert charlie.get(f"/v1/products/{product_id}").json["options"] == ["Size"]

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"option_values": {"Colour": "1"}}, 409, "duplicate_options"),
            ({"option_values": {"Size": "M"}}, 422, "validation_failed"),
            ({"option_values": {}}, 422, "validation_failed"),
        ],
    )
    def test_refuses_options_that_do_not_fit(self, charlie, mug, change, status, code):
        """Its option values are those of the product, and of no other variant."""
        sent = {"sku": "NEW", "option_values": {"Colour": "Red"}} | change

        refused = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert (refused.status_code, refused.json["code"]) == (status, code)

    def test_refuses_a_sku_twice(self, client, charlie, mug):
        """A sku names one variant of the whole shop."""
        sku = client.get(f"/v1/variants/{mug[1][0]}").json["sku"]
        sent = {"sku": sku, "option_values": {"Colour": "Red"}}

        refused = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert (refused.status_code, refused.json["code"]) == (409, "sku_taken")

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("sku", "MUG\u200b"),
            ("sku", "\uff2dUG"),
            ("sku", " MUG"),
            ("sku", "MUG\t1"),
            ("sku", ""),
            ("tax_code", "t\u00e4x"),
            ("name", "Two\nlines"),
            ("gtin", "4006381333932"),
            ("gtin", "\u0664006381333931"),
            ("gtin", "400638133393"),
            ("gtin", "123"),
            ("gtin", ""),
        ],
    )
    def test_refuses_what_is_no_code(self, charlie, mug, field, value):
        """Codes are visible ASCII; a GTIN has the digits of GS1, and the right last one."""
        sent = {"sku": "NEW", "option_values": {"Colour": "Red"}} | {field: value}

        refused = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert refused.status_code == 422
        assert {error["pointer"] for error in refused.json["errors"]} == {f"/{field}"}

    @pytest.mark.parametrize("gtin", ["96385074", "036000291452", "4006381333931", None])
    def test_keeps_a_trade_number(self, charlie, mug, gtin):
        """The numbers that GS1 gives as examples: of 8, 12 and 13 digits."""
        sent = {"sku": "A 1/b#2", "option_values": {"Colour": "Red"}, "gtin": gtin}

        added = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert (added.status_code, added.json["gtin"]) == (201, gtin)

    def test_refuses_a_currency_twice(self, charlie, mug):
        """One price for each currency."""
        prices = [{"currency": "EUR", "unit_amount": amount} for amount in (1, 2)]
        sent = {"sku": "NEW", "option_values": {"Colour": "Red"}, "prices": prices}

        refused = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/prices"


class TestUpdateVariant:
    def test_changes_what_is_sent(self, client, charlie, mug):
        """The versions of the variant and of its product rise; other variants keep theirs."""
        product_id, (one, two) = mug

        changed = charlie.patch(
            f"/v1/variants/{one}",
            json={"sku": "CHANGED", "weight_grams": 380},
            headers={"If-Match": '"1"'},
        )

        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        assert (changed.json["sku"], changed.json["weight_grams"]) == ("CHANGED", 380)
        assert factories.version_of(client, product_id) == 2
        assert client.get(f"/v1/variants/{two}").json["version"] == 1

    def test_lets_two_variants_change_after_one_reading(self, charlie, mug):
        """Somebody who changes another variant of the product is not in the way."""
        answers = [
            charlie.patch(
                f"/v1/variants/{each}", json={"weight_grams": 1}, headers={"If-Match": '"1"'}
            )
            for each in mug[1]
        ]

        assert [answer.status_code for answer in answers] == [200, 200]

    @pytest.mark.parametrize(("sent", "status"), [({}, 428), ({"If-Match": '"9"'}, 412)])
    def test_needs_the_version_that_was_read(self, charlie, mug, sent, status):
        """Without If-Match 428, with another version 412."""
        url = f"/v1/variants/{mug[1][0]}"

        assert charlie.patch(url, json={"name": "X"}, headers=sent).status_code == status

    def test_refuses_the_options_of_another(self, charlie, mug):
        """Two variants of a product always differ."""
        refused = charlie.patch(
            f"/v1/variants/{mug[1][0]}",
            json={"option_values": {"Colour": "1"}},
            headers={"If-Match": '"1"'},
        )

        assert (refused.status_code, refused.json["code"]) == (409, "duplicate_options")

    def test_settles_whether_stock_is_counted(self, charlie, commit, mug):
        """That can change until units move: afterwards the ledger would not add up any more."""
        one, two = mug[1]
        commit(factories.receive, two, units=5)

        answers = [
            charlie.patch(
                f"/v1/variants/{each}", json={"track_inventory": False}, headers={"If-Match": '"1"'}
            )
            for each in (one, two)
        ]

        assert [answer.status_code for answer in answers] == [200, 409]
        assert answers[1].json["code"] == "stock_in_use"


class TestArchiveVariant:
    def test_takes_it_off_the_shelf_and_back(self, client, charlie, mug):
        """Its price does not count any more; the ledger keeps it, so it can come back."""
        one = mug[1][0]
        url = f"/v1/variants/{one}"
        charlie.put(f"{url}/prices/EUR", json={"unit_amount": 500}, headers={"If-Match": '"1"'})

        gone = charlie.delete(url, headers={"If-Match": '"2"'})
        without = client.get(url).status_code, factories.price_range_of(client)
        back = charlie.patch(url, json={"status": "active"}, headers={"If-Match": '"3"'})

        assert (gone.status_code, without) == (204, (404, (1690, 1690)))
        assert (back.status_code, factories.price_range_of(client)) == (200, (500, 1690))
