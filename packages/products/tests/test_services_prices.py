import pytest

from mercato_kit.db import new_id

from . import factories


class TestSecurityLog:
    def test_has_each_change_of_a_price(self, charlie, mug, security_log):
        """A change is logged with both amounts and who made it; a refused one is not."""
        one = mug[1][0]
        before = len(security_log())
        for match in ('"1"', '"9"'):
            charlie.put(
                f"/v1/variants/{one}/prices/EUR",
                json={"unit_amount": 1490},
                headers={"If-Match": match},
            )

        [line] = security_log()[before:]
        assert line["event"] == "price_changed"
        assert (line["variant_id"], line["currency"]) == (one, "EUR")
        assert (line["before"], line["after"]) == (1690, 1490)
        assert line["principal_id"] == charlie.sub

    def test_has_the_first_prices(self, charlie, security_log):
        """The prices of a new product and of a new variant are logged, too."""
        lamp = charlie.post("/v1/products", json=factories.LAMP).json
        charlie.post(
            f"/v1/products/{lamp['id']}/variants",
            json={
                "sku": "LAMP-STEEL",
                "option_values": {"Finish": "Steel", "Cable": "2 m"},
                "prices": [{"currency": "EUR", "unit_amount": 8900}],
            },
        )

        logged = [(line["event"], line["before"], line["after"]) for line in security_log()]
        assert logged == [("price_changed", None, price) for price in (9900, 15800, 12900, 8900)]


class TestSetPrice:
    def test_changes_a_price(self, client, charlie, mug):
        """The response has the new version of the variant, for the next change."""
        product_id, (one, _) = mug
        url = f"/v1/variants/{one}/prices"

        changed = charlie.put(
            f"{url}/EUR",
            json={"unit_amount": 1490, "compare_at_amount": 1690},
            headers={"If-Match": '"1"'},
        )
        added = charlie.put(
            f"{url}/JPY", json={"unit_amount": 240}, headers={"If-Match": changed.headers["ETag"]}
        )

        assert (changed.status_code, added.status_code) == (200, 200)
        assert changed.json == {
            "variant_id": str(one),
            "currency": "EUR",
            "unit_amount": 1490,
            "compare_at_amount": 1690,
            "version": 2,
        }
        assert client.get(f"/v1/variants/{one}").json["version"] == 3
        assert factories.version_of(client, product_id) == 3
        assert (factories.price_range_of(client), factories.price_range_of(client, "JPY")) == (
            (1490, 1690),
            (240, 240),
        )

    def test_removes_the_former_price(self, client, charlie, mug):
        """Setting a price without compare_at_amount removes the former one."""
        url = f"/v1/variants/{mug[1][0]}/prices/EUR"
        charlie.put(
            url, json={"unit_amount": 1, "compare_at_amount": 2}, headers={"If-Match": '"1"'}
        )

        changed = charlie.put(url, json={"unit_amount": 1}, headers={"If-Match": '"2"'})

        assert changed.json["compare_at_amount"] is None

    @pytest.mark.parametrize(
        ("currency", "match", "status"),
        [("EUR", '"2"', 412), ("EUR", None, 428), ("XXX", '"1"', 404)],
    )
    def test_refuses_invalid_requests(self, charlie, mug, currency, match, status):
        """An outdated version, a missing one and an unknown currency are refused."""
        refused = charlie.put(
            f"/v1/variants/{mug[1][0]}/prices/{currency}",
            json={"unit_amount": 1},
            headers={} if match is None else {"If-Match": match},
        )

        assert refused.status_code == status

    def test_answers_404_for_an_unknown_variant(self, charlie):
        """An unknown variant answers 404."""
        url = f"/v1/variants/{new_id()}/prices/EUR"

        answer = charlie.put(url, json={"unit_amount": 1}, headers={"If-Match": '"1"'})

        assert answer.status_code == 404
