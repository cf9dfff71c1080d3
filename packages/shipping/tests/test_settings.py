import pytest

from mercato_kit.settings import read
from mercato_shipping.settings import ShippingSettings


class TestShippingSettings:
    def test_are_optional(self):
        """All settings have defaults."""
        assert read(ShippingSettings, {}) == (ShippingSettings(unknown_weight_grams=0), [])

    @pytest.mark.parametrize("grams", [-1, 1_000_001, "heavy"])
    def test_refuse_invalid_values(self, grams):
        """A weight is 0 to 1,000 kilograms."""
        settings, mistakes = read(ShippingSettings, {"unknown_weight_grams": grams})

        assert settings is None
        assert [mistake.key for mistake in mistakes] == ["unknown_weight_grams"]
