"""K408, K409: what a blueprint brings belongs to its own routes, and to no others."""

from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Sequence
from inspect import unwrap
from typing import Any

from flask.sansio.blueprints import Blueprint

from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.places import place_of_function

_URL_RULE = "Blueprint.add_url_rule."

_TEMPLATES = ("template", "context_processor")


def own_pages_only(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that no blueprint brings templates, filters or globals for all pages (K408)."""
    fix = "leave it to functions of the feature's own code; the host serves no pages"
    for feature in features:
        for blueprint in _blueprints_of(feature):
            if blueprint.template_folder is not None:
                what = f"its blueprint {blueprint.name!r} has templates:"
                folder = blueprint.template_folder
                yield feature.fault("K408", f"{what}\n{folder}\n{_SHARED}", fix)
            for word, place in _for_everybody(blueprint):
                if any(part in word for part in _TEMPLATES):
                    what = f"its blueprint {blueprint.name!r} calls {word}().\n{place}"
                    yield feature.fault("K408", f"{what}\n{_SHARED}", fix)


def own_requests_only(features: Sequence[Candidate], _deployment: Deployment) -> Iterator[Fault]:
    """Check that no blueprint hooks into the requests of others (K409)."""
    for feature in features:
        for blueprint in _blueprints_of(feature):
            for word, place in _for_everybody(blueprint):
                if not any(part in word for part in _TEMPLATES):
                    own = word.replace("app_", "").replace("_app", "")
                    what = (
                        f"its blueprint {blueprint.name!r} calls {word}(), "
                        f"which meets the requests of all features.\n{place}"
                    )
                    fix = "raise a Problem, which the host answers"
                    if own != word:
                        fix += f"; or call {own}(), which meets its own requests only"
                    yield feature.fault("K409", what, fix)


_SHARED = "templates share one space of names: the first of two would have been shown for both"


def _blueprints_of(feature: Candidate) -> Iterator[Blueprint]:
    waiting: list[Blueprint] = list(feature.manifest.blueprints)
    while waiting:
        blueprint = waiting.pop(0)
        yield blueprint
        # Flask has no public list of the blueprints within one.
        waiting += [inner for inner, _ in blueprint._blueprints]  # noqa: SLF001


def _for_everybody(blueprint: Blueprint) -> Iterator[tuple[str, str]]:
    """Give what a blueprint does to the whole app: the method it called, and where."""
    for deferred in blueprint.deferred_functions:
        function = unwrap(deferred)
        name = function.__qualname__
        if name.startswith(_URL_RULE):
            continue
        if function.__module__.startswith("flask."):
            given = [one for one in _captured(function) if callable(one)]
            place = next(filter(None, map(place_of_function, reversed(given))), "")
            yield name.split(".")[1], place
        else:
            yield "record", place_of_function(function) or ""


def _captured(function: Callable[..., Any]) -> Iterator[Any]:
    for cell in function.__closure__ or ():
        yield cell.cell_contents
