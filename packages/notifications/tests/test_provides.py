"""What other features learn of the shop."""

import pytest

from mercato_contracts.messages import Messages, Shop
from mercato_kit.services import get


class TestShop:
    @pytest.fixture
    def settings(self):
        """The shop has a name and pages."""
        return {"shop_name": "Fine Lamps", "link_base_url": "https://www.fine-lamps.example"}

    def test_is_that_of_the_settings(self, commit):
        """Its name and the URL of its pages are those of the settings."""
        shop = commit(lambda: get(Messages).shop())

        assert shop == Shop("Fine Lamps", "https://www.fine-lamps.example")
