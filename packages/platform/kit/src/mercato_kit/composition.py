"""The composition of the current app. The host builds it at startup; the kit reads it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import zip_longest
from typing import Any, cast

import svcs
from flask import Flask

from mercato_kit.contexts import get_app
from mercato_kit.contracts import has_many

_EXTENSION = "mercato"


class NotComposedError(RuntimeError):
    """The composition was used before it was complete, or outside of an app."""


@dataclass(frozen=True, slots=True)
class RemoteTerms:
    """What the operator lets a remote provider do.

    Args:
        seconds: The time that all its calls in one request may take together.
        late: What happens when they take longer: ``refuse``, ``skip``, or the name of a local
            provider of the same contract that is asked instead.
        fallback: That provider.
    """

    seconds: float
    late: str
    fallback: "Answer | None" = None


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """A provider of a contract, or a decorator of one, in a composition.

    Args:
        name: Its name among those of the contract.
        factory: Returns it. That of a decorator takes the provider below it.
        decorates: Whether it is a decorator.
        remote: The terms of a remote provider; None for a local one.
    """

    name: str
    factory: Callable[..., object]
    decorates: bool = False
    remote: RemoteTerms | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """How an app is served, as far as features need it.

    Args:
        workers: Processes of each machine.
        origins: Origins whose pages may call it, such as ``https://shop.example``.
        redis_url: The Redis server that all processes share, if any.
    """

    workers: int = 1
    origins: frozenset[str] = frozenset()
    redis_url: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Composition:
    """The features of an app in dependency order, with their settings.

    Args:
        features: Their manifests (:class:`mercato_kit.feature.Feature`), each after the features it
            needs. Untyped, because this module imports nothing from the kit.
        settings: An instance of each feature's settings class, by feature name.
        away: Features that the deployment temporarily runs without. Events wait for their handlers.
        host_permissions: Description of each permission that the host itself checks, by name.
        answers: By contract: all providers of one that has many, in order; else the decorators,
            outermost first, and the provider below them.
        environment: ``development``, ``testing`` or ``production``.
        serving: How the app is served.
    """

    features: tuple[Any, ...]
    settings: Mapping[str, Any]
    away: tuple[Any, ...] = ()
    host_permissions: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[type[Any], tuple[Answer, ...]] = field(default_factory=dict)
    environment: str = "development"
    serving: Serving = Serving()

    @cached_property
    def settings_by_class(self) -> Mapping[type[Any], Any]:
        """The settings of the composed features, by their class."""
        return {type(value): value for value in self.settings.values()}

    @cached_property
    def permissions(self) -> frozenset[str]:
        """All permissions: of the host, and those declared by the composed features."""
        declared = [self.host_permissions, *(feature.permissions for feature in self.features)]
        return frozenset(name for permissions in declared for name in permissions)

    @cached_property
    def consumers(self) -> Mapping[str, Sequence[str]]:
        """The consumers of events by topic, also of features that are temporarily away."""
        found: dict[str, list[str]] = {}
        for name, handler in handlers_of([*self.features, *self.away]).items():
            found.setdefault(handler.topic, []).append(name)
        return found

    @cached_property
    def asks_remote(self) -> bool:
        """Whether a provider asks other machines."""
        return any(answer.remote for answers in self.answers.values() for answer in answers)

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


def handlers_of(features: Iterable[Any]) -> Mapping[str, Any]:
    """Return the handlers of *features* by consumer name (``<feature>.<handler>``), in order."""
    return {
        f"{feature.name}.{handler.name}": handler
        for feature in features
        for handler in feature.handles
    }


def compose(app: Flask, composition: Composition) -> None:
    """Set the composition of *app*, and register the answers to contracts as services."""
    app.extensions[_EXTENSION] = composition
    svcs.flask.init_app(app)
    for contract, answers in composition.answers.items():
        if has_many(contract):
            _register_each(app, answers)
        else:
            _register_stack(app, contract, answers)


def _register_each(app: Flask, answers: Iterable[Answer]) -> None:
    """Register providers, and what replaces those that are late, each under its answer."""
    for answer in answers:
        svcs.flask.register_factory(app, cast("Any", answer), answer.factory)
        if answer.remote and answer.remote.fallback:
            _register_each(app, [answer.remote.fallback])


def _register_stack(app: Flask, contract: type[Any], stack: Sequence[Answer]) -> None:
    """Register the outermost of *stack* under *contract*, and each one below under its answer."""
    keys: list[Any] = [contract, *stack[1:]]
    for key, answer, below in zip_longest(keys, stack, keys[1:]):
        factory = _on_top_of(below, answer.factory) if answer.decorates else answer.factory
        svcs.flask.register_factory(app, key, factory)
        if answer.remote and answer.remote.fallback:
            _register_each(app, [answer.remote.fallback])


def _on_top_of(below: Any, decorate: Callable[..., object]) -> Callable[..., object]:
    def make(svcs_container: svcs.Container) -> object:
        return decorate(svcs_container.get(below))

    return make


def current_composition() -> Composition:
    """Return the composition of the current app.

    Raises:
        NotComposedError: The app has no composition yet, or there is no app context.
    """
    try:
        return cast("Composition", get_app().extensions[_EXTENSION])
    except (RuntimeError, KeyError) as error:
        raise NotComposedError(
            "the composition is available in requests, jobs, handlers and commands, "
            "not while features are imported and composed"
        ) from error
