"""Apps for tests: the real host with the feature under test and fakes of what it needs."""

import dataclasses
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask_limiter import Limiter

from mercato_composition.deployment.host import load_factory
from mercato_composition.deployment.reader import read_deployment
from mercato_kit.db import engine
from mercato_kit.feature import Decorates, Expansion, Feature, Offer
from mercato_testing.client import Client
from mercato_testing.databases import Database
from mercato_testing.identity import FAKE_IDENTITY
from mercato_testing.items import expansions_of, routes_of_items

FAKES = "fakes"
"""The name of the manifest that offers the fakes."""

Fake = Offer | Decorates[Any] | Expansion | Feature
"""What a test adds to the feature under test."""

_APPS_KEPT = 6
_THREADS = 40


@dataclass(frozen=True)
class Stage:
    """The features and the deployment of one app.

    Args:
        features: The feature under test, then the manifests of its fakes.
        settings: The settings of features, by name.
        tables: Other tables of the deployment, such as ``capabilities``, by name.
    """

    features: tuple[Feature, ...]
    settings: Mapping[str, Mapping[str, Any]]
    tables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def under_test(self) -> Feature:
        """The feature under test."""
        return self.features[0]

    @property
    def has_fake_identity(self) -> bool:
        """Whether the app uses the fake identity provider."""
        return any(offer is FAKE_IDENTITY for item in self.features for offer in item.offers)

    def key(self) -> tuple[object, ...]:
        """Return a key that is equal for stages with equal parts, even in new manifests."""
        parts = [_parts_of(feature) for feature in self.features]
        return (*parts, repr(sorted(self.settings.items())), repr(sorted(self.tables.items())))


def set_up(
    feature: Feature, fakes: Sequence[Fake], settings: Mapping[str, Any], **tables: Any
) -> Stage:
    """Return a stage with *feature*, its fakes, and the fake identity unless one is offered.

    Items that are expanded, and that no feature shows, get a route in ``fakes``.

    Args:
        feature: The feature under test.
        fakes: Offers, decorators and expansions, which go into one manifest called ``fakes``, or
            manifests.
        settings: The settings of the feature under test.
        tables: Other tables of the deployment.
    """
    offers = [fake for fake in fakes if isinstance(fake, Offer)]
    decorates = [fake for fake in fakes if isinstance(fake, Decorates)]
    expansions = [fake for fake in fakes if isinstance(fake, Expansion)]
    manifests = [fake for fake in fakes if isinstance(fake, Feature)]
    offered = {offer.id for item in (feature, *manifests) for offer in item.offers}
    if FAKE_IDENTITY.id not in offered | {offer.id for offer in offers}:
        offers.append(FAKE_IDENTITY)
    features = (feature, *manifests)
    expanded = [*expansions, *(one for it in features for one in expansions_of(it))]
    blueprints = routes_of_items(features, expanded)
    if offers or decorates or expansions or blueprints:
        made = Feature(
            name=FAKES,
            summary="What the feature under test needs of others.",
            offers=offers,
            decorates=decorates,
            expansions=expansions,
            blueprints=blueprints,
        )
        manifests.append(made)
    return Stage((feature, *manifests), {feature.name: settings}, tables)


def with_fake_identity(feature: Feature) -> Feature:
    """Return *feature* without its offer of the identity contract."""
    offers = [offer for offer in feature.offers if offer.id != FAKE_IDENTITY.id]
    contracts = {offer.contract for offer in offers}
    referents = [referent for referent in feature.referents if referent.contract in contracts]
    return dataclasses.replace(feature, offers=offers, referents=referents)


class Apps:
    """The apps of one test process; tests with equal stages and databases share one.

    Making an app takes as long as ten tests.
    """

    def __init__(self) -> None:
        self._made: OrderedDict[tuple[object, ...], tuple[Flask, Stage]] = OrderedDict()

    def get(self, stage: Stage, database: Database) -> Flask:
        """Return the app of a stage on a database, with an empty cache and reset rate limits."""
        key = (database.url, *stage.key())
        if key not in self._made:
            self._made[key] = make_app(stage, database.url), stage
        self._made.move_to_end(key)
        if len(self._made) > _APPS_KEPT:
            _, (oldest, _) = self._made.popitem(last=False)
            close(oldest)
        app, _ = self._made[key]
        _forget(app)
        return app

    def close(self) -> None:
        """Close the connections of all apps, and drop the apps."""
        while self._made:
            _, (app, _) = self._made.popitem()
            close(app)


def make_app(stage: Stage, url: str) -> Flask:
    """Boot the real host on a database, in the testing environment."""
    deployment = read_deployment(
        {
            "environment": "testing",
            "database": {"url": url},
            "server": {"threads": _THREADS},
            "features": {name: {"settings": dict(own)} for name, own in stage.settings.items()},
            **stage.tables,
        }
    )
    app: Flask = load_factory()(deployment, features=stage.features)
    app.test_client_class = Client
    return app


def close(app: Flask) -> None:
    """Close the connections of an app."""
    with app.app_context():
        engine().dispose()


def _forget(app: Flask) -> None:
    for limiter in app.extensions.get("limiter", ()):
        if isinstance(limiter, Limiter):
            limiter.reset()
    with app.app_context():
        for cache in app.extensions.get("cache", ()):
            cache.clear()


def _parts_of(feature: Feature) -> tuple[object, ...]:
    return tuple(
        _identity_of(getattr(feature, field.name)) for field in dataclasses.fields(feature)
    )


def _identity_of(value: object) -> object:
    """Return a key that is equal for values which give the same app."""
    if isinstance(value, (str, type(None))):
        return value
    if isinstance(value, Offer):
        return (id(value.contract), value.version, id(value.factory), value.name, value.remote)
    if isinstance(value, Decorates):
        return (id(value.contract), value.version, id(value.factory))
    if isinstance(value, Expansion):
        return (value.word, value.name, id(value.schema), id(value.batch), value.allow.name)
    if isinstance(value, Mapping):
        return tuple((key, _identity_of(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_identity_of(item) for item in value)
    return id(value)
