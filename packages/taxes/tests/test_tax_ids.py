import pytest
from hypothesis import given, strategies as st

from mercato_taxes.tax_ids import EUROPEAN_UNION, country_of


class TestCountryOf:
    @pytest.mark.parametrize(
        ("tax_id", "country"),
        [
            ("DE136695976", "DE"),
            ("de 136 695 976", "DE"),
            ("EL094259216", "GR"),
            ("FR40303265045", "FR"),
            ("ATU13585627", "AT"),
        ],
    )
    def test_knows_the_country(self, tax_id, country):
        """The prefix names the member state; EL is Greece. Spaces and case do not matter."""
        assert country_of(tax_id) == country

    @pytest.mark.parametrize(
        "tax_id",
        [
            "DE136695978",
            "136695976",
            "DE",
            "",
            "GR094259216",
            "XI432525179",
            "GB980780684",
            "EU372022452",
            "CHE-107.787.577 IVA",
        ],
    )
    def test_refuses_others(self, tax_id):
        """A wrong check digit, no prefix, and ids that are none of a member state are not valid."""
        assert country_of(tax_id) is None

    @given(st.text(max_size=20) | st.from_regex(r"(DE|FR|EL|ATU|IE|NL|ES)[0-9A-Z]{0,12}"))
    def test_answers_for_any_text(self, tax_id):
        """No text raises an error."""
        assert country_of(tax_id) in {None, *EUROPEAN_UNION}
