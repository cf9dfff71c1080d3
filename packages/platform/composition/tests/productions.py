"""Deployments in production, and a feature with rules of its own."""

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import DeploymentError
from mercato_composition.features.plan import compose
from mercato_kit.settings import Rule, Secret, Settings

from .manifests import feature

KEY = "7Jq2-wvT0bXe9LrKc4MzYd1Hn8PsUaGf5Ro3"


SERVER = {"trusted_proxies": 1, "hosts": ["shop.example"]}


REASON = "a demo without customers"


def planned(*manifests, environ=None, **tables):
    """Plan a production deployment that fits, with changes."""
    values = {"environment": "production", "server": SERVER, **tables}
    given = {"MERCATO_SECRET_KEY": KEY, "MERCATO_DATABASE__URL": "postgresql://127.0.0.1/shop"}
    environ = {name: text for name, text in {**given, **(environ or {})}.items() if text}
    deployment = read_deployment(values, environ)
    return compose(deployment, manifests)


def refused(**values):
    """Return the codes and texts of the faults of reading a testing deployment."""
    environ = values.pop("environ", {})
    with pytest.raises(DeploymentError) as found:
        read_deployment({"environment": "testing", **values}, environ)
    return [(fault.code, fault.where, fault.what) for fault in found.value.faults]


class Lamp(Settings, frozen=True, kw_only=True):
    """A lamp that must not be red, and may be bright only knowingly."""

    production = (
        Rule("colour", lambda it: it.colour == "red", "bulls come", {"colour": "red"}),
        Rule("watts", lambda it: it.watts > 60, "it burns", {"watts": 90}, acceptable=True),
    )

    colour: str = "red"
    watts: int = 40
    key: Secret | None = None


def lamp(**settings):
    """Return the tables of a deployment with a lamp."""
    return {"features": {"lamp": {"settings": {"colour": "green", **settings}}}}


LAMP = feature("lamp", settings=Lamp)
