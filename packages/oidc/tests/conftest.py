import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.features.plan import compose
from mercato_database.runner import upgrade
from mercato_host import create_app
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.identity import current_principal
from mercato_kit.policies import anyone, permission
from mercato_oidc.feature import feature

from . import factories

blueprint = Blueprint("gate", __name__)


@blueprint.get("/me", allow=anyone)
@blueprint.response(200)
def me():
    """Return the caller"""
    return {
        "sub": current_principal.sub,
        "kind": current_principal.kind,
        "email": current_principal.email,
        "email_verified": current_principal.email_verified,
        "name": current_principal.name,
        "permissions": sorted(current_principal.permissions),
    }


@blueprint.get("/staff", allow=permission("gate.open"))
@blueprint.response(200)
def staff():
    """Return nothing, for staff only"""
    return {}


GATE = Feature(
    name="gate",
    summary="For a test.",
    blueprints=[blueprint],
    permissions={"gate.open": "Open the gate."},
)


@pytest.fixture
def settings():
    """Settings of an issuer that the conformance tests never call."""
    return {
        "issuer": "http://127.0.0.1:1",
        "audience": factories.AUDIENCE,
        "jwks_uri": "http://127.0.0.1:1/keys",
    }


@pytest.fixture
def issuer():
    """An issuer on loopback, with one RSA key."""
    with factories.running_issuer() as issuer:
        yield issuer


@pytest.fixture
def app_of(tmp_path):
    """A function that makes apps that trust an issuer: ``app_of(issuer, timeout_seconds=1)``."""
    url = f"sqlite:///{tmp_path}/shop.db"
    upgrade(url, [])

    def make(issuer, **changes):
        values = {
            "environment": "testing",
            "database": {"url": url},
            "features": {"oidc": {"settings": issuer.settings(**changes)}},
        }
        return create_app(read_deployment(values), features=[feature, GATE])

    return make


@pytest.fixture
def plan_of():
    """A function that plans a deployment of the feature: ``plan_of("production", settings)``."""

    def make(environment, settings):
        values = {
            "environment": environment,
            "server": {"hosts": ["shop.example"], "trusted_proxies": 0},
            "features": {"oidc": {"settings": settings}},
        }
        environ = {"MERCATO_SECRET_KEY": "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"}
        return compose(read_deployment(values, environ=environ), [feature])

    return make


@pytest.fixture
def call(app_of, issuer):
    """A function that calls an app that knows the issuer's keys: ``call(token, "/staff")``."""
    client = app_of(issuer, timeout_seconds=10, fetch_pause_seconds=60).test_client()
    factories.until(lambda: client.get("/readyz").json["status"] == "ready")
    return lambda token, path="/me": factories.call(client, token, path)
