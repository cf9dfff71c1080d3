"""Minimal manifests for tests, and the faults of planning them."""

from mercato_composition.deployment.reader import read_deployment
from mercato_composition.faults import render
from mercato_composition.features.plan import compose
from mercato_kit.feature import Feature
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone


def feature(name, **parts):
    """Return a manifest with *parts* only."""
    return Feature(name=name, summary="For a test.", **parts)


def blueprint_with(*rules, name="reviews", allow=anyone, prefix="/v1"):
    """Return a blueprint that answers GET on *rules*."""
    blueprint = Blueprint(name, __name__, url_prefix=prefix)
    for number, rule in enumerate(rules):

        @blueprint.get(rule, allow=allow, endpoint=f"view_{number}")
        @blueprint.response(200)
        def view(**_arguments):
            """Answer"""
            return {}

    return blueprint


def planned(*manifests, values=None, **environ):
    """Plan a testing deployment of *manifests*."""
    deployment = read_deployment({"environment": "testing", **(values or {})}, environ=environ)
    return compose(deployment, manifests)


def rendered(found):
    """Return a plan's faults as text, as commands print them."""
    return render(found.faults)


def codes(found):
    """Return the codes of a plan's faults."""
    return [fault.code for fault in found.faults]
