from hypothesis import given, strategies as st

from mercato_products.services.options import make_option_key, name_variant

VALUES = st.dictionaries(st.text('aAbß-,"', min_size=1), st.text('aAbß-,"'), max_size=4)


class TestMakeOptionKey:
    @given(VALUES)
    def test_does_not_depend_on_order_or_case(self, values):
        """The key does not depend on the order and case of the values."""
        turned = {name: value.upper() for name, value in reversed(values.items())}

        assert make_option_key(turned) == make_option_key(values)

    @given(VALUES, VALUES)
    def test_differs_for_different_values(self, one, two):
        """Values that differ in more than case have different keys."""

        def folded(values):
            return sorted((name.casefold(), value.casefold()) for name, value in values.items())

        assert (make_option_key(one) == make_option_key(two)) == (folded(one) == folded(two))


class TestNameVariant:
    def test_follows_the_order_of_the_options(self):
        """The name has the values in the order of the product's options."""
        assert name_variant({"Size": "L", "Wood": "Oak"}, ["Wood", "Size"]) == "Oak / L"
