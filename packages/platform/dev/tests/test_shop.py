"""The sample shop."""

import tomllib

from mercato_dev.shop import ADDRESS, DEVELOPMENT, Companion, addresses_at, kept_secret


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


class TestCompanion:
    def test_is_started_beside_the_shop(self):
        """It listens two ports above, and posts to the shop."""
        bank = Companion("toy_bank", ["toy-bank", "serve"], "/v1/hooks")

        command, *options = bank.command, *bank.words(5010)[2:]

        assert command == ["toy-bank", "serve"]
        assert [one for one in options if "database" not in one] == [
            "--port=5012",
            "--webhook=http://127.0.0.1:5010/v1/hooks",
        ]


class TestKeptSecret:
    def test_is_made_once_for_its_owner(self, tmp_path):
        """The secret is random, stays the same, and is readable by its owner only."""
        file = tmp_path / "secret"

        first, again, other = (kept_secret(one) for one in (file, file, tmp_path / "other"))

        assert first == again != other
        assert len(first) == 64
        assert file.stat().st_mode & 0o777 == 0o600
