"""What differs between two deployment files."""

import pytest

from mercato_composition.deployment.lock import Locked
from mercato_installer.changes import of_files, of_packages

OLD = """
[server]
port = 5000
[index]
url = "https://me:geheim@packages.example/simple/"
[features.orders]
[features.orders.settings]
minutes = 15
api_key = "geheim"
[features.reviews]
"""
NEW = """
[server]
port = 5001
[index]
url = "https://me:verborgen@packages.example/simple/"
[features.orders]
[features.orders.settings]
minutes = 20
api_key = "verborgen"
[features.vouchers]
mount = "/x"
[redis]
url_file = "/run/redis"
"""


def changes(old, new):
    """The differences as text."""
    return [str(one) for one in of_files(old.encode(), new.encode())]


class TestOfFiles:
    def test_has_tables_and_values(self):
        """A table has its header, a value its path; in production a feature's texts are shown."""
        found = changes(OLD, NEW)

        assert found == [
            "+ [features.vouchers]",
            "+ [redis]",
            "~ orders.settings.api_key geheim -> verborgen",
            "~ orders.settings.minutes 15 -> 20",
            "~ index.url",
            "~ server.port 5000 -> 5001",
            "- [features.reviews]",
        ]

    @pytest.mark.parametrize("environment", ["development", "testing"])
    def test_hides_what_may_be_secret(self, environment):
        """The host's secrets are never shown; outside production no text of a feature is."""
        head = f'environment = "{environment}"\n'

        text = "\n".join(changes(head + OLD, head + NEW))

        assert "geheim" not in text
        assert "verborgen" not in text
        assert "~ orders.settings.api_key\n" in text

    def test_hides_credentials_of_urls(self):
        """User, password and query of the URLs in a feature's texts are hidden in production."""
        url = "https://me:geheim@host.example/x?key=geheim"
        new = f'[features.mail.settings]\nserver = "{url}"\nmirrors = ["{url}", "{url}"]\n'

        found = changes("[features.mail.settings]\n", new)

        assert "geheim" not in "".join(found)
        assert found[1] == "+ mail.settings.server = https://***@host.example/x?***"

    def test_of_equal_files(self):
        """Comments and spaces are no difference."""
        assert changes(OLD, f"# a comment\n{OLD}") == []


class TestOfPackages:
    def test_sums_the_wheels_that_are_new(self):
        """Equal wheels are counted; of the others the bytes are summed."""
        kept, old, new = (locked("mercato-alpha", "1.0"), *map(beta, ("1.0", "1.1")))

        found = of_packages([kept, old], [kept, new], {kept: 5, new: 7}.__getitem__)

        assert (found.equal, found.bytes) == (1, 7)
        assert [str(change) for change in found.changes] == ["~ mercato-beta 1.0 -> 1.1"]


def beta(version):
    """Return a locked wheel of beta."""
    return locked("mercato-beta", version)


def locked(name, version):
    """Return a locked wheel."""
    file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return Locked(name, version, file, f"https://packages.example/{file}", f"{name}{version}", None)
