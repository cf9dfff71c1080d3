import pytest

from mercato_kit.db import new_id, session
from mercato_products.models import DEFAULT_LOCATION_ID, Location

from . import factories
from .invariants import check_invariants


@pytest.fixture
def adjust(charlie, commit):
    """A function that posts adjustments as staff; after the test the invariants are checked."""

    def post(*adjustments):
        return charlie.post("/v1/stock-adjustments", json={"adjustments": list(adjustments)})

    yield post
    commit(check_invariants)


def received(variant_id, quantity, **values):
    """Return an adjustment of a quantity."""
    return {
        "variant_id": str(variant_id),
        "quantity": quantity,
        "reason": "Delivery",
    } | values


def counted(variant_id, set_to, expected):
    """Return an adjustment by a count."""
    return {
        "variant_id": str(variant_id),
        "set_to": set_to,
        "expected_on_hand": expected,
        "reason": "Stocktaking",
    }


class TestSecurityLog:
    def test_has_each_change_of_stock(self, charlie, commit, adjust, security_log):
        """All changes of a request are one line, with who made them; refused ones are not."""
        one, two = commit(factories.make_variants, 2)
        before = len(security_log())
        adjust(received(one, 10), received(two, 3))
        adjust(counted(one, 0, expected=99))

        [line] = security_log()[before:]
        assert (line["event"], line["principal_id"]) == ("stock_changed", charlie.sub)
        changes = {change["variant_id"]: change["on_hand_delta"] for change in line["changes"]}
        assert changes == {one: 10, two: 3}


class TestAdjustStock:
    def test_receives_units(self, charlie, commit, adjust):
        """The response has the movements with the actor, and the new levels."""
        one, two = commit(factories.make_variants, 2)

        answer = adjust(received(one, 10), received(two, 3))

        movements, levels = answer.json["movements"], answer.json["levels"]
        assert answer.status_code == 201
        assert [(row["kind"], row["on_hand_delta"], row["actor_id"]) for row in movements] == [
            ("receipt", 10, str(charlie.sub)),
            ("receipt", 3, str(charlie.sub)),
        ]
        assert [(row["variant_id"], row["on_hand"], row["available"]) for row in levels] == [
            (str(one), 10, 10),
            (str(two), 3, 3),
        ]
        assert levels[0]["location_id"] == str(DEFAULT_LOCATION_ID)

    def test_removes_units(self, commit, adjust):
        """A negative quantity is an adjustment."""
        (variant,) = commit(factories.make_variants, stock=10)

        answer = adjust(received(variant, -4, reason="Broken"))

        assert answer.json["movements"][0]["kind"] == "adjustment"
        assert answer.json["movements"][0]["reason"] == "Broken"
        assert answer.json["levels"][0]["on_hand"] == 6

    def test_sets_what_was_counted(self, commit, adjust):
        """The ledger has the difference between the count and the units before."""
        (variant,) = commit(factories.make_variants, stock=10)

        answer = adjust(counted(variant, 7, 10))

        assert answer.json["movements"][0]["on_hand_delta"] == -3
        assert answer.json["levels"][0]["on_hand"] == 7

    def test_refuses_an_outdated_count(self, commit, adjust):
        """A count is refused if the stock has changed since."""
        (variant,) = commit(factories.make_variants, stock=10)

        refused = adjust(counted(variant, 7, 9))

        assert (refused.status_code, refused.json["code"]) == (409, "stale_quantity")
        assert refused.json["on_hand"] == 10

    @pytest.mark.parametrize("quantity", [-8, -11])
    def test_refuses_to_remove_reserved_units(self, charlie, commit, adjust, quantity):
        """If units would fall below the reserved units or 0, the whole request is refused."""
        one, two = commit(factories.make_variants, 2, stock=10)
        commit(factories.hold, {two: 3})

        refused = adjust(received(one, 5), received(two, quantity))

        assert (refused.status_code, refused.json["code"]) == (409, "stock_below_reserved")
        assert refused.json["variant_ids"] == [str(two)]
        levels = charlie.get(f"/v1/stock-levels?variant_ids={one},{two}").json["data"]
        assert [level["on_hand"] for level in levels] == [10, 10]

    def test_accepts_a_reference_once(self, commit, adjust):
        """A delivery cannot be received twice, even with another Idempotency-Key."""
        (variant,) = commit(factories.make_variants)
        delivery = received(variant, 10, reference=str(new_id()))
        adjust(delivery)

        refused = adjust(delivery)

        assert (refused.status_code, refused.json["code"]) == (409, "reference_used")

    def test_is_idempotent(self, charlie, commit):
        """A repeated request with the same key changes the stock once."""
        (variant,) = commit(factories.make_variants)
        sent = {"adjustments": [received(variant, 10)]}
        headers = {"Idempotency-Key": "delivery-of-monday"}

        first, second = (
            charlie.post("/v1/stock-adjustments", json=sent, headers=headers) for _ in "12"
        )

        assert first.data == second.data
        levels = charlie.get(f"/v1/stock-levels?variant_ids={variant}").json["data"]
        assert levels[0]["on_hand"] == 10

    def test_separates_locations(self, client, commit, adjust):
        """Stock at another location does not change what the shop sells."""
        product_id, (variant,) = commit(factories.make_product)
        place = new_id()
        commit(lambda: session.add(Location(id=place, code="annex", name="Annex")))

        answer = adjust(received(variant, 5, location_id=str(place)))

        assert answer.json["levels"][0]["location_id"] == str(place)
        shown = client.get(f"/v1/products/{product_id}?expand=variants.stock").json
        assert shown["availability"] == "out_of_stock"

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"variant_id": str(new_id())}, "/adjustments/0/variant_id"),
            ({"location_id": str(new_id())}, "/adjustments/0/location_id"),
            ({"quantity": 0}, "/adjustments/0/quantity"),
            ({"quantity": 10**10}, "/adjustments/0/quantity"),
            ({"set_to": 5}, "/adjustments/0/quantity"),
            ({"reason": ""}, "/adjustments/0/reason"),
        ],
    )
    def test_refuses_invalid_input(self, commit, adjust, change, pointer):
        """Invalid input is refused with a pointer to the field."""
        (variant,) = commit(factories.make_variants)

        refused = adjust(received(variant, 1) | change)

        assert refused.status_code == 422
        assert refused.json["errors"][0]["pointer"] == pointer

    @pytest.mark.parametrize("missing", ["set_to", "expected_on_hand"])
    def test_refuses_an_incomplete_count(self, commit, adjust, missing):
        """A count requires set_to and expected_on_hand."""
        (variant,) = commit(factories.make_variants)
        half = counted(variant, 7, 0)
        del half[missing]

        refused = adjust(half)

        assert refused.json["errors"][0]["pointer"] == f"/adjustments/0/{missing}"

    def test_refuses_a_level_twice(self, commit, adjust):
        """Two adjustments of one level are refused, as the result would depend on their order."""
        (variant,) = commit(factories.make_variants)

        refused = adjust(received(variant, 1), received(variant, 2))

        assert refused.json["errors"][0]["pointer"] == "/adjustments/1"

    def test_refuses_untracked_variants(self, commit, adjust):
        """A variant without tracked inventory cannot be adjusted."""
        (card,) = commit(factories.make_variants, track_inventory=False)

        refused = adjust(received(card, 1))

        assert (refused.status_code, refused.json["code"]) == (409, "stock_not_tracked")

    def test_needs_as_many_statements_for_twenty(self, commit, adjust, statements):
        """The number of statements does not depend on the number of adjustments."""
        counts = set()
        for number in (1, 5, 20):
            variants = commit(factories.make_variants, number)
            with statements as sent:
                adjust(*(received(variant, 1) for variant in variants))
            counts.add(len(sent))
            sent.statements.clear()

        assert len(counts) == 1, counts

    def test_is_for_staff(self, client, alice, as_user, commit):
        """Guests get 401; stock.read is not enough."""
        (variant,) = commit(factories.make_variants)
        reader = as_user(permissions=["stock.read"])
        sent = {"adjustments": [received(variant, 1)]}

        answers = [
            caller.post("/v1/stock-adjustments", json=sent).status_code
            for caller in (client, alice, reader)
        ]

        assert answers == [401, 403, 403]
