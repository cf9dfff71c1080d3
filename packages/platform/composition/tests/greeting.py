"""A contract, two features that offer it, and one that calls it."""

from typing import Protocol

from flask import url_for

from mercato_kit import services
from mercato_kit.feature import Offer
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone

from .manifests import feature


class Greeting(Protocol):
    """The contract; its id is the name of this module."""

    def greet(self) -> str:
        """Return a greeting."""
        ...


class Hello:
    def greet(self):
        """Fit the contract."""
        return "hello"


class Salute:
    def greet(self):
        """Fit the contract, too."""
        return "salute"


def blueprint_of(name, rule=None):
    """Return a blueprint that answers with a greeting, if a feature offers one."""
    blueprint = Blueprint(name, __name__, url_prefix="/v1")

    @blueprint.get(rule or f"/{name}", allow=anyone)
    @blueprint.response(200)
    def look():
        """Read the greeting"""
        greeting = services.find(Greeting)
        place = url_for(f"{name}.look")
        return {"place": place, "greeting": greeting and greeting.greet()}

    return blueprint


def hello(**parts):
    """Return a feature that offers a greeting."""
    return feature("hello", offers=[Offer(Greeting, "1.0", Hello)], **parts)


def salute(version="1.3", **parts):
    """Return another feature that offers a greeting."""
    return feature("salute", offers=[Offer(Greeting, version, Salute)], **parts)


def asks(**parts):
    """Return a feature with a route that calls the contract."""
    return feature("asks", blueprints=[blueprint_of("asks")], **parts)
