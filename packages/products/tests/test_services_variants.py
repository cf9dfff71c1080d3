import pytest

from mercato_kit.db import new_id

from . import factories


class TestListVariants:
    def test_finds_several_variants(self, client, commit, mug):
        """Variants are found by SKU and id, several at once, with their prices."""
        _, (one, two) = mug
        skus = [client.get(f"/v1/variants/{each}").json["sku"] for each in (one, two)]

        by_sku = client.get(f"/v1/variants?sku={','.join(skus)}").json["data"]
        by_id = client.get(f"/v1/variants?ids={two},{new_id()}").json["data"]

        assert [variant["sku"] for variant in by_sku] == sorted(skus)
        assert [(variant["id"], variant["prices"][0]["unit_amount"]) for variant in by_id] == [
            (str(two), 1690)
        ]

    def test_hides_variants_from_the_public(self, client, charlie, commit, mug):
        """Only staff see archived variants and variants of drafts."""
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

    def test_lists_variants_of_a_product(self, client, commit, mug):
        """The variants of a product are sorted and paginated; an unknown product answers 404."""
        product_id, (one, two) = mug
        url = f"/v1/products/{product_id}/variants?limit=1"

        first = client.get(url).json
        second = client.get(f"{url}&cursor={first['next_cursor']}").json

        assert [page["data"][0]["id"] for page in (first, second)] == [str(one), str(two)]
        assert client.get(f"/v1/products/{new_id()}/variants").status_code == 404

    @pytest.mark.parametrize("variants", [1, 5, 20])
    def test_needs_one_statement(self, client, commit, statements, variants):
        """A page takes one statement, for variants and prices."""
        commit(factories.make_product, variants=variants)

        with statements as sent:
            client.get("/v1/variants")

        assert len(sent) == 1, sent


class TestAddVariant:
    def test_adds_a_variant(self, client, charlie, mug):
        """The new variant is last; the product's version and price range change."""
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

    def test_the_first_variant_defines_the_options(self, charlie):
        """A product without variants takes the options of its first variant."""
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
    def test_refuses_wrong_options(self, charlie, mug, change, status, code):
        """Option values must match the product's options and differ from all other variants."""
        sent = {"sku": "NEW", "option_values": {"Colour": "Red"}} | change

        refused = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert (refused.status_code, refused.json["code"]) == (status, code)

    def test_refuses_a_sku_in_use(self, client, charlie, mug):
        """An SKU is unique in the whole shop."""
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
    def test_refuses_invalid_codes(self, charlie, mug, field, value):
        """A code is visible ASCII; a GTIN has a valid check digit."""
        sent = {"sku": "NEW", "option_values": {"Colour": "Red"}} | {field: value}

        refused = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert refused.status_code == 422
        assert {error["pointer"] for error in refused.json["errors"]} == {f"/{field}"}

    @pytest.mark.parametrize("gtin", ["96385074", "036000291452", "4006381333931", None])
    def test_accepts_gtins(self, charlie, mug, gtin):
        """Example numbers of GS1 with 8, 12 and 13 digits are accepted."""
        sent = {"sku": "A 1/b#2", "option_values": {"Colour": "Red"}, "gtin": gtin}

        added = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert (added.status_code, added.json["gtin"]) == (201, gtin)

    def test_refuses_a_currency_twice(self, charlie, mug):
        """A variant has one price per currency."""
        prices = [{"currency": "EUR", "unit_amount": amount} for amount in (1, 2)]
        sent = {"sku": "NEW", "option_values": {"Colour": "Red"}, "prices": prices}

        refused = charlie.post(f"/v1/products/{mug[0]}/variants", json=sent)

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/prices"


class TestUpdateVariant:
    def test_changes_given_fields(self, client, charlie, mug):
        """The versions of the variant and its product increase; other variants keep theirs."""
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

    def test_variants_have_independent_versions(self, charlie, mug):
        """A change of another variant does not make the version outdated."""
        answers = [
            charlie.patch(
                f"/v1/variants/{each}", json={"weight_grams": 1}, headers={"If-Match": '"1"'}
            )
            for each in mug[1]
        ]

        assert [answer.status_code for answer in answers] == [200, 200]

    @pytest.mark.parametrize(("sent", "status"), [({}, 428), ({"If-Match": '"9"'}, 412)])
    def test_requires_the_current_version(self, charlie, mug, sent, status):
        """Without If-Match the response is 428, with another version 412."""
        url = f"/v1/variants/{mug[1][0]}"

        assert charlie.patch(url, json={"name": "X"}, headers=sent).status_code == status

    def test_refuses_options_in_use(self, charlie, mug):
        """Two variants of a product cannot have the same option values."""
        refused = charlie.patch(
            f"/v1/variants/{mug[1][0]}",
            json={"option_values": {"Colour": "1"}},
            headers={"If-Match": '"1"'},
        )

        assert (refused.status_code, refused.json["code"]) == (409, "duplicate_options")

    def test_track_inventory_is_fixed_once_stock_moved(self, charlie, commit, mug):
        """track_inventory can change only before the first movement."""
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
    def test_archives_and_restores(self, client, charlie, mug):
        """The price of an archived variant does not count; the variant can become active again."""
        one = mug[1][0]
        url = f"/v1/variants/{one}"
        charlie.put(f"{url}/prices/EUR", json={"unit_amount": 500}, headers={"If-Match": '"1"'})

        gone = charlie.delete(url, headers={"If-Match": '"2"'})
        without = client.get(url).status_code, factories.price_range_of(client)
        back = charlie.patch(url, json={"status": "active"}, headers={"If-Match": '"3"'})

        assert (gone.status_code, without) == (204, (404, (1690, 1690)))
        assert (back.status_code, factories.price_range_of(client)) == (200, (500, 1690))
