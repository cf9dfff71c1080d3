import pytest

from mercato_kit.db import new_id

from . import factories
from .factories import LAMP


def etag(answer):
    """Return the If-Match header with the ETag of a response."""
    return {"If-Match": answer.headers["ETag"]}


class TestCreateProduct:
    def test_creates_a_product_with_variants_and_prices(self, charlie):
        """The response has all that was sent, a Location, and version 1 as ETag."""
        made = charlie.post("/v1/products", json=LAMP)

        black, brass = made.json["variants"]
        assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
        assert made.headers["Location"].endswith(f"/v1/products/{made.json['id']}")
        assert (made.json["handle"], made.json["status"]) == ("alba-desk-lamp", "active")
        assert made.json["options"] == ["Finish", "Cable"]
        assert (black["sku"], black["name"]) == ("LAMP-BLACK", "Black / 2 m")
        assert black["prices"] == [
            {"currency": "EUR", "unit_amount": 9900, "compare_at_amount": 11900},
            {"currency": "JPY", "unit_amount": 15800, "compare_at_amount": None},
        ]
        assert (brass["name"], brass["requires_shipping"]) == ("Brass / 2 m", True)

    def test_creates_a_draft_by_default(self, charlie):
        """Only a name is required; the new product is a draft."""
        made = charlie.post("/v1/products", json={"name": "Something"})

        assert (made.status_code, made.json["status"], made.json["variants"]) == (201, "draft", [])

    def test_finds_a_free_handle(self, charlie):
        """The handle of the second product of a name ends in -2."""
        handles = [charlie.post("/v1/products", json={"name": "Mug"}).json["handle"] for _ in "123"]

        assert handles == ["mug", "mug-2", "mug-3"]

    def test_refuses_a_handle_in_use(self, charlie):
        """A given handle that is in use is refused, not changed."""
        charlie.post("/v1/products", json={"name": "Mug", "handle": "mug"})

        refused = charlie.post("/v1/products", json={"name": "Other", "handle": "mug"})

        assert (refused.status_code, refused.json["code"]) == (409, "handle_taken")

    def test_refuses_a_sku_in_use(self, charlie, lamp):
        """A product with an SKU in use is refused, and nothing is inserted."""
        refused = charlie.post("/v1/products", json=LAMP | {"name": "Copy"})

        assert (refused.status_code, refused.json["code"]) == (409, "sku_taken")
        assert charlie.get("/v1/products?q=Copy").json["data"] == []

    def test_refuses_an_external_reference_in_use(self, charlie):
        """Two products cannot have the same external reference."""
        sent = {"name": "Mug", "external_reference": "ERP-1"}
        charlie.post("/v1/products", json=sent)

        refused = charlie.post("/v1/products", json=sent)

        assert (refused.status_code, refused.json["code"]) == (409, "external_reference_taken")

    def test_refuses_the_same_options_twice(self, charlie):
        """Option values that differ only in case are the same."""
        variants = [
            {"sku": "A", "option_values": {"Size": "m"}},
            {"sku": "B", "option_values": {"Size": "M"}},
        ]

        refused = charlie.post("/v1/products", json={"name": "Shirt", "variants": variants})

        assert (refused.status_code, refused.json["code"]) == (409, "duplicate_options")

    def test_refuses_a_variant_without_a_value(self, charlie):
        """A variant without a value for each option is refused with a pointer to it."""
        variants = [
            {"sku": "A", "option_values": {"Size": "M"}},
            {"sku": "B", "option_values": {"Colour": "Red"}},
        ]

        refused = charlie.post("/v1/products", json={"name": "Shirt", "variants": variants})

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/variants/1/option_values"

    @pytest.mark.parametrize(
        ("price", "pointer"),
        [
            ({"currency": "EUR", "unit_amount": -1}, "/variants/0/prices/0/unit_amount"),
            ({"currency": "EUR", "unit_amount": 1.5}, "/variants/0/prices/0/unit_amount"),
            ({"currency": "EUR", "unit_amount": 2**53}, "/variants/0/prices/0/unit_amount"),
            ({"currency": "eur", "unit_amount": 1}, "/variants/0/prices/0/currency"),
            ({"currency": "XTS", "unit_amount": 1}, "/variants/0/prices/0/currency"),
        ],
    )
    def test_refuses_invalid_prices(self, charlie, price, pointer):
        """A price is an integer of minor units, 0 or more, in a known currency."""
        sent = {"name": "Mug", "variants": [{"sku": "MUG", "prices": [price]}]}

        refused = charlie.post("/v1/products", json=sent)

        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == [pointer]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", "A\nmug"),
            ("name", "A mug\x1b[31m"),
            ("brand", "North\u202elight"),
            ("tax_code", "txcd 1\u00a0"),
            ("external_reference", "\u0415RP-1"),
        ],
    )
    def test_refuses_invalid_names_and_codes(self, charlie, field, value):
        """A name is one line; a code is visible ASCII."""
        refused = charlie.post("/v1/products", json={"name": "Mug", field: value})

        assert refused.status_code == 422
        assert [error["pointer"] for error in refused.json["errors"]] == [f"/{field}"]

    def test_refuses_an_unknown_category(self, charlie):
        """An unknown category is refused with a pointer to it."""
        sent = {"name": "Mug", "category_ids": [str(new_id())]}

        refused = charlie.post("/v1/products", json=sent)

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == "/category_ids/0"

    def test_is_idempotent(self, charlie):
        """A repeated request with the same key creates one product and gets the same response."""
        headers = {"Idempotency-Key": "make-the-lamp-once"}

        first, second = (charlie.post("/v1/products", json=LAMP, headers=headers) for _ in "12")

        assert first.data == second.data
        assert second.headers["Idempotency-Replayed"] == "true"

    def test_is_for_staff(self, client, alice):
        """Guests get 401, customers 403."""
        assert client.post("/v1/products", json=LAMP).status_code == 401
        assert alice.post("/v1/products", json=LAMP).status_code == 403


class TestGetProduct:
    def test_anyone_may_read_a_product(self, client, lamp):
        """A product is found by id and by handle; caches may store the response for guests."""
        by_id = client.get(f"/v1/products/{lamp['id']}")
        by_handle = client.get("/v1/products/by-handle/alba-desk-lamp")

        assert by_id.json == by_handle.json == lamp
        assert by_id.headers["Cache-Control"].startswith("public, max-age=30")

    def test_answers_304_when_unchanged(self, client, lamp):
        """With the current ETag in If-None-Match, the response is 304 without a body."""
        url = f"/v1/products/{lamp['id']}"

        unchanged = client.get(url, headers={"If-None-Match": client.get(url).headers["ETag"]})

        assert (unchanged.status_code, unchanged.data) == (304, b"")

    def test_hides_drafts_and_archived_variants(self, client, alice, charlie, commit):
        """Only staff see drafts and archived variants."""
        draft, _ = commit(factories.make_product, status="draft")
        mug, (one, two) = commit(factories.make_product, variants=2)
        charlie.delete(f"/v1/variants/{two}", headers={"If-Match": '"1"'})

        shown = {caller: caller.get(f"/v1/products/{mug}").json for caller in (alice, charlie)}

        statuses = [
            each.get(f"/v1/products/{draft}").status_code for each in (client, alice, charlie)
        ]
        assert statuses == [404, 404, 200]
        assert [variant["id"] for variant in shown[alice]["variants"]] == [str(one)]
        assert len(shown[charlie]["variants"]) == 2

    def test_shows_prices_in_one_currency(self, client, lamp):
        """With a currency, prices in other currencies are omitted."""
        shown = client.get(f"/v1/products/{lamp['id']}?currency=JPY").json

        prices = [variant["prices"] for variant in shown["variants"]]
        assert prices == [
            [{"currency": "JPY", "unit_amount": 15800, "compare_at_amount": None}],
            [],
        ]

    def test_shows_stock_only_if_expanded(self, client, charlie, lamp):
        """A response with stock has availabilities and no ETag, because stock has no version."""
        black = lamp["variants"][0]["id"]
        charlie.post(
            "/v1/stock-adjustments",
            json={"adjustments": [{"variant_id": black, "quantity": 7, "reason": "Delivery"}]},
        )

        shown = client.get(f"/v1/products/{lamp['id']}?expand=variants.stock")

        assert "stock" not in lamp["variants"][0]
        assert "ETag" not in shown.headers
        assert shown.json["availability"] == "in_stock"
        assert [variant["stock"] for variant in shown.json["variants"]] == [
            {"availability": "in_stock", "available": 7},
            {"availability": "out_of_stock", "available": 0},
        ]

    @pytest.mark.parametrize("path", ["01900000-0000-7000-8000-00000000000f", "by-handle/no-such"])
    def test_answers_404_for_an_unknown_product(self, client, path):
        """An unknown product answers 404."""
        assert client.get(f"/v1/products/{path}").status_code == 404

    def test_needs_as_many_statements_for_twenty_variants(self, client, commit, statements):
        """Reading a product takes one statement for any number of variants and prices."""
        for variants in (1, 5, 20):
            product_id, _ = commit(factories.make_product, variants=variants)
            with statements as sent:
                client.get(f"/v1/products/{product_id}")
            assert len(sent) == 1, sent
            sent.statements.clear()


class TestUpdateProduct:
    def test_changes_given_fields(self, charlie, lamp):
        """Other fields stay unchanged, and the version increases by one."""
        changed = charlie.patch(
            f"/v1/products/{lamp['id']}",
            json={"name": "Alba Lamp", "brand": None, "metadata": {"shelf": "4"}},
            headers={"If-Match": '"1"'},
        )

        assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
        assert changed.json == lamp | {
            "name": "Alba Lamp",
            "brand": None,
            "metadata": {"shelf": "4"},
            "version": 2,
            "updated_at": changed.json["updated_at"],
        }

    def test_keeps_the_version_when_nothing_changes(self, charlie, lamp):
        """A change to the current values is not a new version."""
        same = charlie.patch(
            f"/v1/products/{lamp['id']}", json={"name": lamp["name"]}, headers={"If-Match": '"1"'}
        )

        assert (same.status_code, same.json) == (200, lamp)

    @pytest.mark.parametrize(("sent", "status"), [({}, 428), ({"If-Match": '"9"'}, 412)])
    def test_requires_the_current_version(self, charlie, lamp, sent, status):
        """Without If-Match the response is 428, with another version 412."""
        url = f"/v1/products/{lamp['id']}"

        refused = charlie.patch(url, json={"name": "Other"}, headers=sent)

        assert refused.status_code == status
        assert charlie.get(url).json == lamp

    @pytest.mark.parametrize(
        ("before", "after", "answer"),
        [
            ("draft", "active", 200),
            ("draft", "archived", 200),
            ("active", "archived", 200),
            ("archived", "active", 200),
            ("active", "draft", 409),
            ("archived", "draft", 409),
        ],
    )
    def test_changes_the_status(self, charlie, commit, before, after, answer):
        """A published product never becomes a draft again; an archived one can become active."""
        product_id, _ = commit(factories.make_product, status="draft")
        url, current = f"/v1/products/{product_id}", charlie.get(f"/v1/products/{product_id}")
        if before != "draft":
            current = charlie.patch(url, json={"status": before}, headers=etag(current))

        changed = charlie.patch(url, json={"status": after}, headers=etag(current))

        assert changed.status_code == answer
        if answer == 409:
            assert changed.json["code"] == "invalid_transition"

    def test_replaces_its_categories(self, charlie, lamp):
        """The given categories replace the former ones, and the version increases."""
        shelf = charlie.post("/v1/categories", json={"name": "Lamps"}).json["id"]
        url = f"/v1/products/{lamp['id']}"

        placed = charlie.patch(url, json={"category_ids": [shelf]}, headers={"If-Match": '"1"'})
        removed = charlie.patch(url, json={"category_ids": []}, headers=etag(placed))

        assert (placed.json["category_ids"], placed.json["version"]) == ([shelf], 2)
        assert (removed.json["category_ids"], removed.json["version"]) == ([], 3)

    def test_refuses_a_handle_in_use(self, charlie, lamp):
        """A handle in use is refused."""
        charlie.post("/v1/products", json={"name": "Mug"})

        refused = charlie.patch(
            f"/v1/products/{lamp['id']}", json={"handle": "mug"}, headers={"If-Match": '"1"'}
        )

        assert (refused.status_code, refused.json["code"]) == (409, "handle_taken")

    def test_answers_404_for_an_unknown_product(self, charlie):
        """An unknown product answers 404."""
        url = f"/v1/products/{new_id()}"

        assert charlie.patch(url, json={}, headers={"If-Match": '"1"'}).status_code == 404


class TestArchiveProduct:
    def test_hides_it_from_guests(self, client, charlie, lamp):
        """Guests no longer see the product; staff see when it was archived."""
        url = f"/v1/products/{lamp['id']}"

        gone = charlie.delete(url, headers={"If-Match": '"1"'})

        assert (gone.status_code, client.get(url).status_code) == (204, 404)
        assert charlie.get(url).json["archived_at"] is not None
        stock = charlie.get(f"{url}?expand=variants.stock").json
        assert stock["availability"] == "discontinued"
