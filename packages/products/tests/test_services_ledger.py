from datetime import timedelta

import pytest

from mercato_kit.db import new_id, session, utc_now

from . import factories


@pytest.fixture
def variants(commit):
    """Two variants with ten units each."""
    return commit(factories.make_variants, 2, stock=10)


class TestListLevels:
    def test_shows_available_units(self, charlie, commit, variants):
        """A level has units on hand, reserved and available, including the backorder limit."""
        one, _ = variants
        commit(factories.hold, {one: 4})
        commit(lambda: factories.allow_back_orders(session, one, 5))

        level = charlie.get(f"/v1/stock-levels?variant_ids={one}").json["data"][0]

        assert (level["on_hand"], level["reserved"], level["backorder_limit"]) == (10, 4, 5)
        assert level["available"] == 11

    @pytest.mark.parametrize(("bound", "found"), [(5, 0), (6, 1), (10, 2)])
    def test_filters_by_available_units(self, charlie, commit, variants, bound, found):
        """available[lte] finds levels with few units left."""
        commit(factories.hold, {variants[0]: 4})

        levels = charlie.get(f"/v1/stock-levels?available[lte]={bound}").json["data"]

        assert len(levels) == found

    def test_filters_by_sku(self, charlie, client, variants):
        """Several SKUs can be given; the list is sorted by SKU and paginated."""
        skus = [client.get(f"/v1/variants/{each}").json["sku"] for each in variants]

        first = charlie.get(f"/v1/stock-levels?limit=1&sku={','.join(skus)}").json
        second = charlie.get(
            f"/v1/stock-levels?limit=1&sku={','.join(skus)}&cursor={first['next_cursor']}"
        ).json

        assert [page["data"][0]["sku"] for page in (first, second)] == sorted(skus)
        assert second["has_more"] is False

    @pytest.mark.parametrize("path", ["stock-levels", "stock-movements", "stock-reservations"])
    def test_is_for_staff(self, client, alice, as_user, path):
        """Guests get 401; products.write is not enough."""
        writer = as_user(permissions=["products.write"])

        answers = [caller.get(f"/v1/{path}").status_code for caller in (client, alice, writer)]

        assert answers == [401, 403, 403]


class TestListMovements:
    def test_filters_movements(self, charlie, commit, variants):
        """Movements are listed newest first, by variant, reference and kind."""
        one, two = variants
        reference = commit(factories.hold, {one: 4, two: 1})

        def kinds(query):
            rows = charlie.get(f"/v1/stock-movements?{query}").json["data"]
            return [row["kind"] for row in rows]

        assert kinds(f"variant_id={one}") == ["reserve", "receipt"]
        assert kinds(f"reference={reference}") == ["reserve", "reserve"]
        assert kinds("kind=receipt,ship") == ["receipt", "receipt"]

    def test_filters_by_time(self, charlie, variants):
        """created_at filters by a range of time."""
        soon = (utc_now() + timedelta(hours=1)).isoformat().replace("+00:00", "Z")

        def found(bound):
            return len(charlie.get(f"/v1/stock-movements?created_at[{bound}]={soon}").json["data"])

        assert [found(bound) for bound in ("lt", "lte", "gt", "gte")] == [2, 2, 0, 0]


class TestReservations:
    def test_are_listed(self, charlie, commit, variants):
        """Reservations are listed newest first, by status and variant."""
        one, two = variants
        held = commit(factories.hold, {one: 4})
        sold = commit(factories.sell, {one: 1, two: 1})

        def references(query):
            rows = charlie.get(f"/v1/stock-reservations?{query}").json["data"]
            return [row["reference"] for row in rows]

        assert set(references("")) == {str(sold), str(held)}
        assert references("status=held") == [str(held)]
        assert references(f"variant_id={two}") == [str(sold)]

    def test_are_read_by_reference(self, charlie, commit, variants):
        """A single reservation has its lines."""
        held = commit(factories.hold, {variants[0]: 4})

        reservation = charlie.get(f"/v1/stock-reservations/{held}").json

        assert reservation["status"] == "held"
        assert [(line["variant_id"], line["quantity"]) for line in reservation["lines"]] == [
            (str(variants[0]), 4)
        ]
        assert charlie.get(f"/v1/stock-reservations/{new_id()}").status_code == 404
