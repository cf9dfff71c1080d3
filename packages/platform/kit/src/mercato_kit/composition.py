"""What is composed in the current app. The host builds it once, at boot; the kit reads it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from typing import cast

import svcs
from flask import Flask
from flask import current_app
from flask import has_app_context

_EXTENSION = "mercato"


class NotComposedError(RuntimeError):
    """Something of the composition was asked for before it ended, or outside of an app."""


@dataclass(frozen=True)
class Composition:
    """The features of one app, in dependency order, and the settings of each.

    Args:
        features: Their manifests (:class:`mercato_kit.feature.Feature`), each after those it
            needs. Untyped here: this module imports nothing of the kit, so all of it may use it.
        settings: An instance of each feature's settings class, by feature name.
        away: Features that the deployment runs without for now. Events wait for their handlers.
    """

    features: tuple[Any, ...]
    settings: Mapping[str, Any]
    away: tuple[Any, ...] = ()

    @cached_property
    def permissions(self) -> frozenset[str]:
        """Every permission that a composed feature declares."""
        return frozenset(name for feature in self.features for name in feature.permissions)


def compose(app: Flask, composition: Composition) -> None:
    """Give *app* its composition, and register what the features offer as services."""
    app.extensions[_EXTENSION] = composition
    svcs.flask.init_app(app)
    for feature in composition.features:
        for offer in feature.offers:
            svcs.flask.register_factory(app, offer.contract, offer.factory)


def current_composition() -> Composition:
    """Return the composition of the current app.

    Raises:
        NotComposedError: There is none here: the features are still imported and put together.
    """
    composition = current_app.extensions.get(_EXTENSION) if has_app_context() else None
    if composition is None:
        raise NotComposedError(
            "what is composed is known in requests, jobs, handlers and commands, "
            "not while features are imported and put together"
        )
    return cast("Composition", composition)
