"""Whose code is running: the feature, the kit or the host that a frame of the stack belongs to."""

import sys
from collections.abc import Iterable
from collections.abc import Mapping
from itertools import accumulate
from types import FrameType
from types import FunctionType
from types import MethodType
from typing import Any

import click

from mercato_composition.features.candidate import Candidate
from mercato_kit import models
from mercato_kit.feature import Feature

KIT = "kit"
HOST = "host"
"""Names that no feature has. The host, and code that belongs to nobody, may do anything."""

_HOST_PACKAGES = ("composition", "database", "host", "installer", "runtime", "testing")
_OURS = {"mercato_kit": KIT} | {f"mercato_{name}": HOST for name in _HOST_PACKAGES}
_KIT_MODELS = frozenset(mapper.class_ for mapper in models.Base.registry.mappers)
_TESTS = frozenset({"tests", "conftest"})


class Askers:
    """Knows the code of some features.

    Code of a library belongs to whoever called it. Tests belong to nobody, so they and the fakes
    they bring may do anything.

    Args:
        features: Which features.

    Attributes:
        only: A set of each name alone, to compare with.
    """

    def __init__(self, features: Iterable[Candidate]) -> None:
        composed = list(features)
        self.only = {name: frozenset({name}) for name in [KIT, *(one.name for one in composed)]}
        self._packages = _packages_of(composed)
        # By module: names of modules are few, and reading the dict needs no lock.
        self._known: dict[str, str | None] = {}

    def of(self, frame: FrameType) -> str | None:
        """Say to whom the code of *frame* belongs.

        Returns:
            A feature, ``kit`` or ``host``; None means its caller.
        """
        module = frame.f_globals.get("__name__", "")
        try:
            return self._known[module]
        except KeyError:
            return self._known.setdefault(module, self._owner_of(module, frame.f_globals))

    def _owner_of(self, module: str, names: Mapping[str, Any]) -> str | None:
        ours = _OURS.get(module.partition(".")[0])
        if ours == KIT:
            # The parts of the kit without tables of their own run what they are handed.
            return KIT if _uses_kit_models(names) else None
        if ours is not None or _TESTS & set(module.split(".")):
            return HOST
        owners = [self._packages[place] for place in _places_of(module) if place in self._packages]
        if owners:
            return owners[-1]
        return HOST if _is_test(module) else None


def _packages_of(features: Iterable[Candidate]) -> dict[str, str]:
    """Return whose each package and module is; what two features share is nobody's.

    The package is ``mercato_reviews``, or ``acme.reviews`` where another feature is in
    ``acme.gifts``.
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
    """Name the modules of a feature that its manifest leads to."""
    parts: list[Any] = [offer.factory for offer in manifest.offers]
    parts += [handler.function for handler in manifest.handles]
    parts += [job.function for job in manifest.jobs]
    parts += [check.function for check in (*manifest.health, *manifest.doctor)]
    parts += [manifest.export_subject, manifest.erase_subject, manifest.sample_data]
    parts += _callbacks_of(manifest.cli)
    code = (FunctionType, MethodType, type)
    found = {part.__module__ for part in parts if isinstance(part, code)}
    found |= {blueprint.import_name for blueprint in manifest.blueprints}
    reserved = {*_OURS, *sys.stdlib_module_names}
    return {module for module in found if module.partition(".")[0] not in reserved}


def _callbacks_of(command: click.Command | None) -> list[Any]:
    if isinstance(command, click.Group):
        return [part for one in command.commands.values() for part in _callbacks_of(one)]
    return [] if command is None else [command.callback]


def _places_of(module: str) -> list[str]:
    """Return a module's name after those of the packages it is in."""
    return list(accumulate(module.split("."), "{}.{}".format))


def _is_test(module: str) -> bool:
    """Tell whether a module has a name that pytest gives to tests."""
    parts = module.split(".")
    return bool(_TESTS & set(parts)) or parts[-1].startswith("test_")


def _is_lone_file(module: str) -> bool:
    """Tell whether a module is in no package, as files beside a test are."""
    return "." not in module and not hasattr(sys.modules.get(module), "__path__")


def _uses_kit_models(names: Mapping[str, Any]) -> bool:
    return any(isinstance(value, type) and value in _KIT_MODELS for value in names.values())
