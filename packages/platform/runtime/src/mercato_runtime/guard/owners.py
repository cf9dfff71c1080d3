"""Find the owner of running code: the feature, the kit or the host that a frame belongs to."""

import sys
from collections.abc import Iterable, Mapping
from itertools import accumulate
from types import FrameType, FunctionType, MethodType
from typing import Any

import click

from mercato_composition.features.candidate import Candidate
from mercato_kit import models
from mercato_kit.feature import Feature

KIT = "kit"
HOST = "host"
"""The owner ``host`` stands for the platform and for tests, which may use any table."""

_HOST_PACKAGES = ("composition", "database", "host", "installer", "runtime", "testing")
_OURS = {"mercato_kit": KIT} | {f"mercato_{name}": HOST for name in _HOST_PACKAGES}
_KIT_MODELS = frozenset(mapper.class_ for mapper in models.Base.registry.mappers)
_TESTS = frozenset({"tests", "conftest"})


class CodeOwners:
    """The owners of modules, for the code of some features.

    Code of a library has no owner: its caller is responsible. Tests, and the fakes defined in
    them, belong to the host.

    Args:
        features: The features.

    Attributes:
        only: For each owner except the host, a set with its name alone.
    """

    def __init__(self, features: Iterable[Candidate]) -> None:
        composed = list(features)
        self.only = {name: frozenset({name}) for name in [KIT, *(one.name for one in composed)]}
        self._packages = _packages_of(composed)
        # By module name: there are few of them, and reading a dict needs no lock.
        self._known: dict[str, str | None] = {}

    def of(self, frame: FrameType) -> str | None:
        """Return the owner of the code of *frame*.

        Returns:
            The name of a feature, ``kit`` or ``host``; None for code of a library.
        """
        module = frame.f_globals.get("__name__", "")
        try:
            return self._known[module]
        except KeyError:
            return self._known.setdefault(module, self._owner_of(module, frame.f_globals))

    def _owner_of(self, module: str, names: Mapping[str, Any]) -> str | None:
        ours = _OURS.get(module.partition(".")[0])
        if ours == KIT:
            # Modules of the kit that use no kit tables only run the statements of their callers.
            return KIT if _uses_kit_models(names) else None
        if ours is not None or _TESTS & set(module.split(".")):
            return HOST
        owners = [self._packages[place] for place in _places_of(module) if place in self._packages]
        if owners:
            return owners[-1]
        return HOST if _is_test(module) else None


def _packages_of(features: Iterable[Candidate]) -> dict[str, str]:
    """Return the owner of each package and module; those of two features have none.

    A package is ``mercato_reviews``, or ``acme.reviews`` if another feature is in ``acme.gifts``.
    """
    tenants: dict[str, set[str]] = {}
    for feature in features:
        for module in _modules_of(feature.manifest):
            if feature.distribution is None and (_is_test(module) or _is_lone_file(module)):
                tenants[module] = {HOST}
            else:
                for place in _places_of(module):
                    tenants.setdefault(place, set()).add(feature.name)
    return {place: name for place, (name, *others) in tenants.items() if not others}


def _modules_of(manifest: Feature) -> set[str]:
    """Return the names of the modules that a manifest refers to."""
    parts: list[Any] = [offer.factory for offer in manifest.offers]
    parts += [one.factory for one in manifest.decorates]
    parts += [handler.function for handler in manifest.handles]
    parts += [job.function for job in manifest.jobs]
    parts += [check.function for check in (*manifest.startup, *manifest.health, *manifest.doctor)]
    parts += [gauge.function for gauge in manifest.gauges]
    parts += [expansion.batch for expansion in manifest.expansions]
    data = manifest.personal_data
    parts += [data.export, data.erase, data.find] if data else []
    parts += [manifest.sample_data]
    parts += [part for group in manifest.groups.values() for part in _callbacks_of(group)]
    code = (FunctionType, MethodType, type)
    found = {part.__module__ for part in parts if isinstance(part, code)}
    found |= {blueprint.import_name for blueprint in manifest.blueprints}
    reserved = {*_OURS, *sys.stdlib_module_names}
    return {module for module in found if module.partition(".")[0] not in reserved}


def _callbacks_of(command: click.Command) -> list[Any]:
    if isinstance(command, click.Group):
        return [part for one in command.commands.values() for part in _callbacks_of(one)]
    return [command.callback]


def _places_of(module: str) -> list[str]:
    """Return the names of a module's packages, outermost first, and its own name."""
    return list(accumulate(module.split("."), "{}.{}".format))


def _is_test(module: str) -> bool:
    """Return whether a module is a test by its name."""
    parts = module.split(".")
    return bool(_TESTS & set(parts)) or parts[-1].startswith("test_")


def _is_lone_file(module: str) -> bool:
    """Return whether a module is a file outside any package, like a helper beside a test."""
    return "." not in module and not hasattr(sys.modules.get(module), "__path__")


def _uses_kit_models(names: Mapping[str, Any]) -> bool:
    return any(isinstance(value, type) and value in _KIT_MODELS for value in names.values())
