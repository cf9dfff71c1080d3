"""The sample shop."""

import tomllib

from mercato_dev.shop import ADDRESS, DEVELOPMENT, addresses_at


class TestAddressesAt:
    def test_gives_a_variable_for_each_address_of_the_shop(self):
        """Texts that begin with the shop's address get the port; others are left alone."""
        table = {
            "environment": "development",
            "features": {"lamp": {"settings": {"link": f"{ADDRESS}/lamp", "watts": 60}}},
        }

        assert dict(addresses_at(5001, table)) == {
            "MERCATO_FEATURES__LAMP__SETTINGS__LINK": "http://127.0.0.1:5001/lamp"
        }

    def test_the_sample_shop_has_one(self):
        """The address of the links in mails is in the deployment file, so that it can be moved."""
        table = tomllib.loads(DEVELOPMENT.read_text())

        assert any(name.endswith("LINK_BASE_URL") for name, _ in addresses_at(5001, table))
