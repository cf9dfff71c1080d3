"""Everything that is wrong in a deployment is said at once, causes first, and nothing twice."""

import json
import os

import pytest
from click.testing import CliRunner

from mercato_composition.commands.frame import mercato

SAFE = 'hosts = ["shop.example"]\ntrusted_proxies = 1\n'
MIGRATIONS = "K302@database"
WARNINGS = ["K114", "K312@database.url"]
HEX = "8f14e45fceea167a5a36dedd4bea2543c9f0f895fb98ab9159f51fd0297e236d"

TEN_FILES = {
    "values of the host and of features": (
        f"""
environment = "production"
[server]
{SAFE}port = "abc"
[features.userz]
[features.products]
editable = true
[features.products.settings]
default_currency = "euro"
[features.orders]
editable = true
[features.orders.settings]
unpaid_expiry_minutes = 0
[features.payments_manual]
editable = true
[features.payments_manual.settings]
by_customer = true
""",
        [
            "K201@secret_key",
            "K202@server.port",
            "K101@features.userz",
            "K202@products.default_currency",
            "K202@orders.unpaid_expiry_minutes",
            "K206@payments_manual.by_customer",
            MIGRATIONS,
            *WARNINGS,
        ],
    ),
    "a misspelt environment": (
        """
environment = "prodcution"
secret_key = "short"
[features.orders]
editable = true
[features.orders.settings]
unpaid_expiry_minuts = 5
""",
        [
            "K100@environment",
            "K201@server.hosts",
            "K201@server.trusted_proxies",
            "K202@secret_key",
            "K205@secret_key",
            "K203@orders.unpaid_expiry_minuts",
            "K108@orders",
            MIGRATIONS,
            *WARNINGS,
        ],
    ),
    "a key twice": (
        """
environment = "development"
[server]
port = 5001
port = 5002
[features.orders]
[capabilities]
catalog = "library"
""",
        ["K102@server.port", "K203@capabilities.catalog", "K108@orders", MIGRATIONS],
    ),
    "a broken header": (
        'environment = "development"\n[server\nport = "abc"\n[features.orders]\n[features.userz]\n',
        ["K100@server", "K101@features.userz", "K108@orders", MIGRATIONS],
    ),
    "a byte order mark": (
        '\ufeffenvironment = "development"\n[features.orders]\n',
        ["K108@orders", MIGRATIONS],
    ),
    "UTF-16": (
        'environment = "development"\n[features.orders]\n'.encode("utf-16"),
        ["K100@text", "K108@orders", MIGRATIONS],
    ),
    "a server that is away, and another package": (
        """
environment = "development"
[database]
url = "postgres://shop@127.0.0.1:1/shop"
[features.orders]
package = "mercato-products >= 9"
""",
        ["K207@database.url", "K126@features.orders"],
    ),
    "a folder that is away": (
        """
environment = "development"
[database]
url = "sqlite:///missing/dir/shop.db"
[features.users]
[features.notifications]
[features.products]
[features.orders]
""",
        ["K207@database.url"],
    ),
    "an empty production": (
        'environment = "production"\n[features.orders]\neditable = true\n',
        [
            "K201@secret_key",
            "K201@server.hosts",
            "K201@server.trusted_proxies",
            "K108@orders",
            MIGRATIONS,
            *WARNINGS,
        ],
    ),
    "secrets in the file": (
        f"""
environment = "production"
secret_key = "{HEX}"
[server]
{SAFE}
[database]
url = "postgresql://postgres:postgres@127.0.0.1:1/shop"
[features.users]
editable = true
""",
        [
            "K205@secret_key",
            "K205@database.url",
            "K205@database.url#known",
            "K207@database.url",
            "K206@users#messages",
            "K114",
        ],
    ),
}


@pytest.fixture
def checked(tmp_path, monkeypatch):
    """A function that writes a deployment file, and returns what `mercato check` says of it."""
    monkeypatch.chdir(tmp_path)
    for variable in [name for name in os.environ if name.startswith(("MERCATO_", "FLASK_"))]:
        monkeypatch.delenv(variable)

    def check(content, *options):
        content = content if isinstance(content, bytes) else content.encode()
        (tmp_path / "deployment.toml").write_bytes(content)
        return json.loads(CliRunner().invoke(mercato, ["check", "--json", *options]).stdout)

    return check


class TestCheck:
    @pytest.mark.provokes("K126", "K302")
    @pytest.mark.parametrize("name", TEN_FILES)
    def test_says_everything_at_once(self, checked, name):
        """The keys of all faults are known, in their order."""
        content, expected = TEN_FILES[name]

        keys = [fault["key"] for fault in checked(content)["faults"]]

        assert keys == expected
