"""What development may do and production refuses: every rule, with the real features."""

import tomllib
from pathlib import Path

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose
from mercato_host import create_app

FILE = Path(__file__).parents[2] / "deployments" / "production.toml"
KEY = "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"
POSTGRESQL = "postgresql://shop:dFg7-kk2@db.your-shop.tld/shop?sslmode=require"
REMOTE_OIDC = {"issuer": "https://id.your-shop.tld", "audience": "shop"}
MAILS = {
    "link_base_url": "https://www.your-shop.tld",
    "mail": "smtp",
    "mail_from": "shop@your-shop.tld",
}
REASON = "staging only, for our own team"


def production(*, mails=None, oidc=None, manual=None, server=None, key=KEY, url=POSTGRESQL, **more):
    """Describe a production deployment of all features that fits, with changes."""
    redis = more.pop("redis", None)
    login = {"oidc": {"settings": oidc}} if oidc else {"users": {}}
    features = {**login, "products": {}, "orders": {}}
    features["notifications"] = {"settings": MAILS | (mails or {})}
    features["payments_manual"] = {"settings": manual or {}}
    values = {
        "environment": "production",
        "server": {"trusted_proxies": 1, "hosts": ["www.your-shop.tld"], **(server or {})},
        # The tests may run from the folders of sources.
        "features": {name: {"editable": True, **choice} for name, choice in features.items()},
        **more,
    }
    environ = {"MERCATO_SECRET_KEY": key, "MERCATO_DATABASE__URL": url}
    if redis:
        environ["MERCATO_REDIS__URL"] = redis
    return values, environ


def errors_of(values, environ):
    """Return the errors of a deployment; the lock that is missing is a warning."""
    try:
        plan = compose(read_deployment(values, environ))
    except DeploymentError as error:
        return list(error.faults)
    return [fault for fault in plan.faults if fault.severity == "error"]


def without_mails():
    """Describe a deployment in which no feature sends mails."""
    values, environ = production()
    del values["features"]["notifications"]
    return values, environ


MAIL_SERVER = {"smtp_host": "mail.your-shop.tld"}
BARE = "postgresql://shop:dFg7-kk2@db.your-shop.tld/shop"

ALWAYS = {
    "links to this machine": (
        production(mails={"link_base_url": "https://127.0.0.1"}),
        "link_base",
    ),
    "links in clear": (
        production(mails={"link_base_url": "http://www.your-shop.tld"}),
        "'link_base_url' of mercato-notifications",
    ),
    "links to a placeholder": (
        production(mails={"link_base_url": "https://shop.example.com"}),
        "'link_base_url' of mercato-notifications",
    ),
    "mails on the console": (production(mails={"mail": "console"}), "'mail' of mercato-notifications"),
    "mails of a placeholder": (
        production(mails={"mail_from": "shop@example.com"}),
        "'mail_from' of mercato-notifications",
    ),
    "the password of mail in clear": (
        production(mails=MAIL_SERVER | {"smtp_username": "shop", "smtp_security": "none"}),
        "'smtp_security' of mercato-notifications",
    ),
    "payment on the customer's word": (
        production(manual={"by_customer": True}),
        "'by_customer' of mercato-payments-manual",
    ),
    "an issuer in clear": (
        production(
            oidc={"issuer": "http://id.your-shop.tld", "jwks_uri": "https://id.your-shop.tld/k"}
            | {"audience": "shop"}
        ),
        "'issuer' of mercato-oidc",
    ),
    "keys of an issuer from this machine": (
        production(oidc=REMOTE_OIDC | {"jwks_uri": "https://127.0.0.1/keys"}),
        "'jwks_uri' of mercato-oidc",
    ),
    "keys of an issuer from the local link": (
        production(oidc=REMOTE_OIDC | {"jwks_uri": "https://169.254.169.254/keys"}),
        "'jwks_uri' of mercato-oidc",
    ),
    "customers without a proxy": (
        production(server={"host": "10.0.0.7", "trusted_proxies": 0}),
        "host = '10.0.0.7'",
    ),
    "a limit counted by each process": (
        production(server={"workers": 2}),
        "open_writes_per_minute = 60",
    ),
    "a key of known words": (
        production(key="change-me-my-super-secret-production-key!"),
        "'secret_key' can be guessed",
    ),
    "a key of one block": (
        production(key="7Jq2-wvT0bXe9LrK" * 3),
        "'secret_key' can be guessed",
    ),
    "a well-known password of mail": (
        production(mails=MAIL_SERVER),
        "features.notifications.settings.smtp_password",
    ),
    "a Redis without password": (production(redis="rediss://cache.your-shop.tld"), "no password"),
}
"""Deployments that no reason makes acceptable, and a part of the fault."""

for name, password in (
    ("the password of mail in clear", "wQx4-mm9-kk"),
    ("a well-known password of mail", "changeme"),
):
    ALWAYS[name][0][1]["MERCATO_FEATURES__NOTIFICATIONS__SETTINGS__SMTP_PASSWORD"] = password

KNOWINGLY = {
    "mails in a folder": (production(mails={"mail": "folder"}), "notifications.mail"),
    "mails in clear": (
        production(mails=MAIL_SERVER | {"smtp_security": "none"}),
        "notifications.smtp_security",
    ),
    "accounts without mails": (without_mails(), "users.messages"),
    "keys of an issuer in a private network": (
        production(oidc=REMOTE_OIDC | {"jwks_uri": "https://10.0.0.7/keys"}),
        "oidc.jwks_uri",
    ),
    "keys of an issuer in another domain": (
        production(oidc=REMOTE_OIDC | {"jwks_uri": "https://keys.elsewhere.tld/keys"}),
        "oidc.jwks_uri",
    ),
    "no limit on registering and ordering": (
        production(server={"open_writes_per_minute": 0}),
        "server.open_writes_per_minute",
    ),
    "the password of Redis in clear": (
        production(redis="redis://:wQx4-mm9@cache.your-shop.tld"),
        "redis.url",
    ),
    "a database that may be in clear": (production(url=BARE), "database.sslmode"),
    "a database that prefers TLS": (
        production(database={"sslmode": "prefer"}),
        "database.sslmode",
    ),
    "a database without a password": (
        production(url="postgresql://shop@db.your-shop.tld/shop?sslmode=require"),
        "database.url",
    ),
    "the superuser of a database": (
        production(url="postgresql://postgres:dFg7-kk2@db.your-shop.tld/shop?sslmode=require"),
        "database.user",
    ),
}
"""Deployments that a reason makes acceptable, and the rule that it names."""


class TestProduction:
    @pytest.mark.parametrize(
        "login", [{}, {"oidc": REMOTE_OIDC | {"jwks_uri": "https://id.your-shop.tld/k"}}]
    )
    def test_starts_where_all_is_well(self, login):
        """The deployments that the tests below change have no fault, with users and with oidc."""
        assert errors_of(*production(**login)) == []

    @pytest.mark.provokes("K205", "K206")
    @pytest.mark.parametrize("unsafe", ALWAYS)
    def test_refuses(self, unsafe):
        """One fault names key, place, reason and fix; [accept] has no switch for it."""
        (values, environ), part = ALWAYS[unsafe]

        [fault] = errors_of(values, environ)

        assert fault.code in ("K205", "K206")
        assert part in fault.what
        assert fault.where
        assert fault.fix
        assert "[accept]" not in fault.fix
        assert "dFg7-kk2" not in str(DeploymentError([fault]))

    @pytest.mark.provokes("K206")
    @pytest.mark.parametrize("unsafe", KNOWINGLY)
    def test_refuses_unless_the_file_says_why(self, unsafe):
        """The fault names the line that accepts the danger; with it, the deployment starts."""
        (values, environ), rule = KNOWINGLY[unsafe]

        [fault] = errors_of(values, environ)
        accepted = errors_of(values | {"accept": {rule: REASON}}, environ)

        assert (fault.code, fault.accepted) == ("K206", None)
        assert f'"{rule}" = "<why this deployment may do it>" in [accept]' in fault.fix
        assert accepted == []

    @pytest.mark.parametrize("unsafe", [*ALWAYS, *KNOWINGLY])
    def test_lets_development_be(self, unsafe):
        """Development accepts all of these values."""
        values, environ = (ALWAYS | KNOWINGLY)[unsafe][0]

        assert errors_of(values | {"environment": "development"}, environ) == []

    def test_starts_from_the_file_of_the_host(self):
        """`deployments/production.toml` lacks only what the environment brings."""
        values = tomllib.loads(FILE.read_text())
        for choice in values["features"].values():
            choice["editable"] = True
        environ = production(redis="rediss://:wQx4-mm9@cache.your-shop.tld")[1]

        assert errors_of(values, environ) == []

    def test_a_default_is_named_with_its_release(self):
        """An unsafe default is reported with the distribution that has it."""
        values, environ = production()
        del values["features"]["notifications"]["settings"]

        found = {fault.what.split("'")[1]: fault.where for fault in errors_of(values, environ)}

        assert found.keys() == {"link_base_url", "mail", "mail_from"}
        assert all(where.startswith("default of mercato-notifications ") for where in found.values())


class TestAccepted:
    def test_is_said_at_every_start(self, caplog):
        """A start logs each accepted danger with its reason; the metrics have it, too."""
        values, environ = production(mails={"mail": "folder"}, accept={"notifications.mail": REASON})

        app = create_app(read_deployment(values, environ))

        assert [record.levelname for record in caplog.records if REASON in record.message] == [
            "WARNING"
        ]
        metrics = app.test_client().get("/metrics").text
        assert 'mercato_accepted{rule="notifications.mail"} 1.0' in metrics
