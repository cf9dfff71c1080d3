"""Deployments in production with mistakes."""

from mercato_composition.deployment.model import DEVELOPMENT_KEYS
from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose
from mercato_kit.feature import Feature
from mercato_kit.settings import Secret, Settings

KEY = "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"


OTHER = "Zt6-kQw8VbNm2XcLp0AsDf4GhJr9TyUi1Eo5"


POSTGRESQL = "postgresql://shop:dFg7-kk2@db.example/shop?sslmode=require"


REDIS = {"MERCATO_REDIS__URL": "rediss://:wQx4-mm9@cache.example"}


LITE = {"MERCATO_DATABASE__URL": "sqlite:///shop.db", **REDIS}


class Keys(Settings, frozen=True):
    """Secrets of a feature."""

    mail_key: Secret | None = None
    pay_key: Secret | None = None


def feature(name):
    """Return a feature with secrets."""
    return Feature(name=name, summary="For a test.", settings=Keys)


def production(environ=None, *, proxies=0, hosts=("shop.example",), server=None, **tables):
    """Describe a valid production deployment with changes."""
    values = {"environment": "production", "server": dict(server or {}), **tables}
    if hosts is not None:
        values["server"]["hosts"] = list(hosts)
    if proxies is not None:
        values["server"]["trusted_proxies"] = proxies
    given = {"MERCATO_SECRET_KEY": KEY, "MERCATO_DATABASE__URL": POSTGRESQL, **(environ or {})}
    return values, {name: value for name, value in given.items() if value is not None}


def faults_of(values, environ, features=("mails", "payments")):
    """Return the faults of reading and of composing a deployment."""
    try:
        deployment = read_deployment(values, environ=environ)
    except DeploymentError as error:
        return error.faults
    return compose(deployment, map(feature, features)).faults


UNSAFE = {
    "no key": ("K201", "secret_key", production({"MERCATO_SECRET_KEY": None})),
    "a short key": ("K202", "secret_key", production({"MERCATO_SECRET_KEY": "Ab1-" * 4})),
    "development's key": (
        "K205",
        "secret_key",
        production({"MERCATO_SECRET_KEY": DEVELOPMENT_KEYS["development"]}),
    ),
    "testing's key": (
        "K205",
        "secret_key",
        production({"MERCATO_SECRET_KEY": DEVELOPMENT_KEYS["testing"]}),
    ),
    "a key of one character": ("K206", "secret_key", production({"MERCATO_SECRET_KEY": "a" * 40})),
    "the key in the file": (
        "K205",
        "secret_key",
        production({"MERCATO_SECRET_KEY": None}, secret_key=KEY),
    ),
    "a feature's key in the file": (
        "K205",
        "mail_key",
        production(features={"mails": {"settings": {"mail_key": OTHER}}}),
    ),
    "the database's password in the file": (
        "K205",
        "'url' in [database]",
        production({"MERCATO_DATABASE__URL": None}, database={"url": POSTGRESQL}),
    ),
    "the password of Redis in the file": (
        "K205",
        "'url' in [redis]",
        production(redis={"url": "rediss://:wQx4-mm9@cache.example"}),
    ),
    "the password of Redis in the file, as an option": (
        "K205",
        "'url' in [redis]",
        production(redis={"url": "rediss://cache.example/0?password=wQx4-mm9"}),
    ),
    "the password of the index in the file": (
        "K205",
        "'url' in [index]",
        production(index={"url": "https://shop:wQx4-mm9@index.example/simple"}),
    ),
    "a public password": (
        "K205",
        "'url' in [database]",
        production({"MERCATO_DATABASE__URL": "postgresql://root:root@127.0.0.1/shop"}),
    ),
    "one key for two things": (
        "K206",
        "secret_key",
        production({"MERCATO_FEATURES__MAILS__SETTINGS__MAIL_KEY": KEY}, features={"mails": {}}),
    ),
    "one key for two features": (
        "K206",
        "features.payments.settings.pay_key and features.mails.settings.mail_key",
        production(
            {
                "MERCATO_FEATURES__MAILS__SETTINGS__MAIL_KEY": OTHER,
                "MERCATO_FEATURES__PAYMENTS__SETTINGS__PAY_KEY": OTHER,
            },
            features={"mails": {}, "payments": {}},
        ),
    ),
    "one secret for key and database": (
        "K206",
        "database.url and secret_key",
        production({"MERCATO_DATABASE__URL": f"postgresql://shop:{KEY}@127.0.0.1/shop"}),
    ),
    "one password for database and Redis": (
        "K206",
        "redis.url and database.url",
        production(
            {
                "MERCATO_DATABASE__URL": "postgresql://shop:p%40ss-wQx4@127.0.0.1/shop",
                "MERCATO_REDIS__URL": "rediss://:p%40ss-wQx4@cache.example",
            }
        ),
    ),
    "one password for Redis and the index": (
        "K206",
        "index.url and redis.url",
        production(
            {
                "MERCATO_REDIS__URL": "rediss://cache.example/0?password=p%40ss-wQx4",
                "MERCATO_INDEX__URL": "https://shop:p%40ss-wQx4@index.example/simple",
            }
        ),
    ),
    "an unknown number of proxies": ("K201", "trusted_proxies", production(proxies=None)),
    "unknown hosts": ("K201", "hosts", production(hosts=None)),
    "no hosts": ("K201", "hosts", production(hosts=[])),
    "a URL for a host": ("K202", "'https://a.example'", production(hosts=["https://a.example"])),
    "a host with a port": ("K202", "'a.example:80'", production(hosts=["a.example:80"])),
    "a host with a password": ("K202", "an entry", production(hosts=["u:dFg7-kk2@h"])),
    "an address to listen on with a port": (
        "K202",
        "'127.0.0.1:5000' in 'host'",
        production(server={"host": "127.0.0.1:5000"}, proxies=1),
    ),
    "any host": ("K202", "'*'", production(hosts=["*"])),
    "a host in capitals": ("K202", "'A.example'", production(hosts=["A.example"])),
    "SQLite with several workers": (
        "K312",
        "2 workers",
        production(LITE, server={"workers": 2}),
    ),
    "SQLite with several machines": (
        "K312",
        "3 machines",
        production(LITE, server={"machines": 3}),
    ),
    "limits counted by each worker for itself": (
        "K206",
        "open_writes_per_minute = 60 is counted by each of 4 processes",
        production(server={"workers": 4}),
    ),
    "limits counted by each machine for itself": (
        "K206",
        "open_writes_per_minute = 9 is counted by each of 2 processes",
        production(server={"machines": 2, "open_writes_per_minute": 9}),
    ),
    "a database in clear": (
        "K206",
        "sslmode=disable",
        production(database={"sslmode": "disable"}),
    ),
    "an index in clear": ("K202", "url", production(index={"url": "http://wheels.example/"})),
    "requests of foreign origins": ("K203", "'cors'", production(cors={"origins": "*"})),
    "requests of every origin": ("K202", "'origins'", production(server={"origins": ["*"]})),
    "requests of an origin in clear": (
        "K206",
        "pages of http://shop.example",
        production(server={"origins": ["http://shop.example"]}),
    ),
    "a debug switch": ("K203", "'debug'", production(debug=True)),
}
