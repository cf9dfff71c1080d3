"""The composition of the current app. The host builds it at startup; the kit reads it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, cast

import svcs
from flask import Flask, has_app_context

from mercato_kit.contexts import get_app

_EXTENSION = "mercato"


class NotComposedError(RuntimeError):
    """The composition was used before it was complete, or outside of an app."""


@dataclass(frozen=True)
class Composition:
    """The features of an app in dependency order, with their settings.

    Args:
        features: Their manifests (:class:`mercato_kit.feature.Feature`), each after the features it
            needs. Untyped, because this module imports nothing from the kit.
        settings: An instance of each feature's settings class, by feature name.
        away: Features that the deployment temporarily runs without. Events wait for their handlers.
        host_permissions: Description of each permission that the host itself checks, by name.
    """

    features: tuple[Any, ...]
    settings: Mapping[str, Any]
    away: tuple[Any, ...] = ()
    host_permissions: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def permissions(self) -> frozenset[str]:
        """All permissions: of the host, and those declared by the composed features."""
        declared = [self.host_permissions, *(feature.permissions for feature in self.features)]
        return frozenset(name for permissions in declared for name in permissions)

    @cached_property
    def open_endpoints(self) -> frozenset[str]:
        """The endpoints that need no account: those of routes with the policy ``anyone``."""
        return frozenset(
            f"{blueprint.name}.{route.endpoint}"
            for feature in self.features
            for blueprint in feature.blueprints
            for route in blueprint.routes
            if route.allow is not None and route.allow.name == "anyone"
        )

    @cached_property
    def expansions(self) -> Mapping[tuple[type[Any], str, str], Any]:
        """The expansions of the composed features, by contract, thing and name."""
        return {
            (one.contract, one.thing, one.name): one
            for feature in self.features
            for one in feature.expansions
        }

    @cached_property
    def expansions_away(self) -> Mapping[tuple[type[Any], str, str], str]:
        """The features that the deployment runs without, by the expansions that they have."""
        return {
            (one.contract, one.thing, one.name): feature.name
            for feature in self.away
            for one in feature.expansions
        }


def compose(app: Flask, composition: Composition) -> None:
    """Set the composition of *app*, and register the providers of its features as services."""
    app.extensions[_EXTENSION] = composition
    svcs.flask.init_app(app)
    for feature in composition.features:
        for offer in feature.offers:
            svcs.flask.register_factory(app, offer.contract, offer.factory)


def current_composition() -> Composition:
    """Return the composition of the current app.

    Raises:
        NotComposedError: The app has no composition yet, or there is no app context.
    """
    composition = get_app().extensions.get(_EXTENSION) if has_app_context() else None
    if composition is None:
        raise NotComposedError(
            "the composition is available in requests, jobs, handlers and commands, "
            "not while features are imported and composed"
        )
    return cast("Composition", composition)
