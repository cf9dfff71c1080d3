import pytest

from mercato_kit.settings import read
from mercato_taxes.settings import TaxesSettings


class TestTaxesSettings:
    def test_need_a_country(self):
        """All other settings have defaults."""
        settings, mistakes = read(TaxesSettings, {"country": "DE"})

        assert mistakes == []
        assert settings == TaxesSettings(country="DE")
        assert [mistake.key for mistake in read(TaxesSettings, {})[1]] == ["country"]

    def test_are_read_from_text(self):
        """Lists of the environment are written with commas."""
        settings, _ = read(TaxesSettings, {"country": "DE", "registrations": "CH, US-CA"})

        assert settings.registrations == ["CH", "US-CA"]

    @pytest.mark.parametrize(
        "values",
        [
            {"country": "Germany"},
            {"registrations": ["EU"]},
            {"registrations": ["us-ca"]},
            {"rounding": "unit"},
            {"tax_id": "DE136695978"},
            {"tax_id": "FR40303265045"},
        ],
    )
    def test_refuse_invalid_values(self, values):
        """Countries must exist, and the VAT id must be one of the shop's country."""
        settings, mistakes = read(TaxesSettings, {"country": "DE"} | values)

        assert settings is None
        assert [mistake.key for mistake in mistakes] == [*values]
