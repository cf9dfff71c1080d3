import click
import pytest
import sqlalchemy as sa

from mercato_composition.commands import Operation
from mercato_database.checks import check_database

REASON = "a trial without customers"


@pytest.fixture
def faults_of(tmp_path, monkeypatch, empty_database):
    """Check a deployment whose PostgreSQL has the name of another machine; return its K206."""
    monkeypatch.setenv("MERCATO_SECRET_KEY", "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3")
    # libpq connects to the address, and keeps the name for TLS.
    remote = {"hostaddr": "127.0.0.1"}
    url = sa.make_url(empty_database("postgresql")).set(host="db.your-shop.tld", query=remote)
    text = url.render_as_string(hide_password=False)

    def check(environment, accept=""):
        file = tmp_path / "deployment.toml"
        file.write_text(
            f'environment = "{environment}"\n[server]\ntrusted_proxies = 1\n'
            f'[database]\nurl = "{text}"\n[accept]\n{accept}'
        )
        # The end of a command closes its connections.
        with click.Context(click.Command("check")):
            return [fault for fault in check_database(Operation(file)) if fault.code == "K206"]

    return check


class TestSuperuser:
    @pytest.mark.provokes("K206")
    def test_is_refused_in_production(self, faults_of):
        """The user's rights are asked of the server, whatever its name is."""
        [fault] = faults_of("production")

        assert (fault.severity, fault.where) == ("error", "deployment.toml:5:7")
        assert "is a superuser" in fault.what

    def test_may_be_accepted(self, faults_of):
        """A reason in [accept] makes it a warning."""
        [fault] = faults_of("production", f'"database.user" = "{REASON}"\n')

        assert (fault.severity, fault.accepted) == ("warning", "database.user")

    def test_is_let_be_in_development(self, faults_of):
        """Development may use any user."""
        assert faults_of("development") == []
