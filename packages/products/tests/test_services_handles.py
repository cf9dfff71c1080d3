import pytest

from mercato_kit.db import session
from mercato_products.models import Product
from mercato_products.services.handles import find_free_handle, make_handle
from mercato_testing.plans import Plans

from . import bulk, factories


class TestMakeHandle:
    @pytest.mark.parametrize(
        ("name", "handle"),
        [
            ("Alba Desk Lamp", "alba-desk-lamp"),
            ("Chaise longue « Été »", "chaise-longue-ete"),
            ("  --50 % off!--  ", "50-off"),
            ("灯", "item"),
            ("x" * 100, "x" * 70),
            ("ﬁne Straße", "fine-strae"),
        ],
    )
    def test_keeps_ascii_letters_and_digits(self, name, handle):
        """A handle has only a-z, 0-9 and hyphens, and is never empty."""
        assert make_handle(name) == handle


class TestFindFreeHandle:
    @pytest.mark.parametrize("taken", [0, 1, 9, 10, 12])
    def test_takes_the_first_number(self, commit, taken):
        """The first handle that is free is taken, however many are not."""

        def find():
            for _ in range(taken):
                factories.make_product(name="Lamp")
            factories.make_product(name="Lamp Shade", variants=0)
            return find_free_handle(Product, "Lamp")

        assert commit(find) == ("lamp" if taken == 0 else f"lamp-{taken + 1}")

    def test_reads_no_other_handles(self, app, commit):
        """The handle is found by the unique key, on both databases."""
        commit(bulk.fill, 300)

        with app.app_context(), Plans(session.get_bind()) as sent:
            assert find_free_handle(Product, "P") == "p"
            session.rollback()

        assert len(sent.plans) == 1
        assert sent.scans() == []
