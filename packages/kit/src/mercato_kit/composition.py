"""What is composed in the current app. The host builds it once, at boot; the kit reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from typing import Any
from typing import cast

import svcs
from flask import Flask
from flask import current_app

if TYPE_CHECKING:
    from mercato_kit.events import Handler
    from mercato_kit.feature import Feature

_EXTENSION = "mercato"


@dataclass(frozen=True)
class Composition:
    """The features of one app, in dependency order, and the settings of each.

    Args:
        features: Each after the features it needs.
        settings: An instance of each feature's settings class, by feature name.
    """

    features: tuple[Feature, ...]
    settings: Mapping[str, Any]

    @cached_property
    def permissions(self) -> frozenset[str]:
        """Every permission that a composed feature declares."""
        return frozenset(name for feature in self.features for name in feature.permissions)

    @cached_property
    def handlers(self) -> Mapping[str, Handler]:
        """Every handler, by consumer (``<feature>.<handler>``)."""
        return {
            f"{feature.name}.{handler.name}": handler
            for feature in self.features
            for handler in feature.handles
        }

    def consumers_of(self, topic: str) -> list[str]:
        """Name the composed handlers of *topic*, as ``<feature>.<handler>``."""
        return [name for name, handler in self.handlers.items() if handler.topic == topic]


def compose(app: Flask, composition: Composition) -> None:
    """Give *app* its composition, and register what the features offer as services."""
    app.extensions[_EXTENSION] = composition
    svcs.flask.init_app(app)
    for feature in composition.features:
        for offer in feature.offers:
            svcs.flask.register_factory(app, offer.contract, offer.factory)


def current_composition() -> Composition:
    """Return the composition of the current app."""
    return cast("Composition", current_app.extensions[_EXTENSION])
