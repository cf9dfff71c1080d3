from hypothesis import given
from hypothesis import strategies as st

from mercato_products.services.options import make_option_key
from mercato_products.services.options import name_variant

VALUES = st.dictionaries(st.text('aAbß-,"', min_size=1), st.text('aAbß-,"'), max_size=4)


class TestMakeOptionKey:
    @given(VALUES)
    def test_does_not_depend_on_order_or_case(self, values):
        """The same values in another order or case are the same variant."""
        turned = {name: value.upper() for name, value in reversed(values.items())}

        assert make_option_key(turned) == make_option_key(values)

    @given(VALUES, VALUES)
    def test_tells_variants_apart(self, one, two):
        """Values that differ in more than case have another key."""

        def folded(values):
            return sorted((name.casefold(), value.casefold()) for name, value in values.items())

        assert (make_option_key(one) == make_option_key(two)) == (folded(one) == folded(two))


class TestNameVariant:
    def test_follows_the_product(self):
        """The order of the product's options, not of the client's object."""
        assert name_variant({"Size": "L", "Wood": "Oak"}, ["Wood", "Size"]) == "Oak / L"
