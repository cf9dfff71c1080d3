import pytest

from mercato_kit.settings import read
from mercato_products.settings import ProductsSettings


class TestProductsSettings:
    def test_are_all_optional(self):
        """All settings have defaults."""
        settings, mistakes = read(ProductsSettings, {})

        assert mistakes == []
        assert settings == ProductsSettings(default_currency="EUR", orphan_grace_minutes=60)

    @pytest.mark.parametrize(
        "values",
        [
            {"default_currency": "euro"},
            {"orphan_grace_minutes": 0},
            {"orphan_grace_minutes": 10081},
        ],
    )
    def test_refuse_invalid_values(self, values):
        """The currency must exist, and the grace period is a minute to a week."""
        settings, mistakes = read(ProductsSettings, values)

        assert settings is None
        assert [mistake.key for mistake in mistakes] == [*values]
