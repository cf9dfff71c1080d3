import pytest

from mercato_products.services.handles import make_handle


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
