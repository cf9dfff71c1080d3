"""K402, K405, K406, K414: names that belong to one feature each."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib.metadata import entry_points
from pathlib import Path

from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.reserved import HOST_PERMISSIONS, PLATFORM_BLUEPRINTS
from mercato_kit.feature import ENTRY_POINT_GROUP
from mercato_kit.http import Blueprint


def blueprints(features: Sequence[Candidate]) -> Iterator[Fault]:
    """Check that no two blueprints have one name (K402): Flask knows views by it."""
    owners: dict[str, tuple[Candidate, Blueprint]] = {}
    fix = "rename one of them; name the blueprint like the feature"
    for feature in features:
        for blueprint in feature.manifest.blueprints:
            name = blueprint.name
            if name in PLATFORM_BLUEPRINTS:
                what = f"its blueprint {name!r} is also one of the host's.\n{_place(blueprint)}"
                yield feature.fault("K402", f"{what}\n{_WINS.format('the host')}", Outside(fix))
                continue
            other, first = owners.setdefault(name, (feature, blueprint))
            if first is not blueprint:
                lines = [
                    f"its blueprint {name!r} is also one of {other.where}.",
                    _place(first),
                    _place(blueprint),
                    _WINS.format(other.name),
                ]
                yield feature.fault("K402", "\n".join(lines), Outside(fix))


def topics(features: Sequence[Candidate]) -> Iterator[Fault]:
    """Check that no two features publish one event (K405)."""
    wins = "handlers of {0}'s event would receive the other one, too"
    return _doubles(features, "K405", "event", wins, lambda one: one.manifest.publishes)


def permissions(features: Sequence[Candidate]) -> Iterator[Fault]:
    """Check that no two features declare one permission, and none one of the host's (K406)."""
    wins = "a holder of {0}'s permission would have the other one, too"
    for feature in features:
        for name in HOST_PERMISSIONS.keys() & set(feature.manifest.permissions):
            what = f"its permission {name!r} is also one of the host's.\n{wins.format('the host')}"
            yield feature.fault("K406", what, Outside("rename the permission"))
    yield from _doubles(features, "K406", "permission", wins, lambda one: one.manifest.permissions)


def groups(features: Sequence[Candidate]) -> Iterator[Fault]:
    """Check that no two features have one group of commands (K414), or one named as the other."""
    wins = "`mercato` would run those of {0}"
    # Two manifests of one name are a fault of their own (K102).
    by_name = {feature.name: feature for feature in features}
    yield from _doubles(
        list(by_name.values()),
        "K414",
        "group of commands",
        wins,
        lambda one: {one.name, *one.manifest.groups},
    )


_WINS = "{} would answer, without a warning"


def _doubles(
    features: Sequence[Candidate],
    code: str,
    what: str,
    wins: str,
    names_of: Callable[[Candidate], Iterable[str]],
) -> Iterator[Fault]:
    owners: dict[str, Candidate] = {}
    for feature in features:
        for name in names_of(feature):
            other = owners.setdefault(name, feature)
            if other is not feature:
                lines = [f"its {what} {name!r} is also one of {other.where}."]
                places = (next(_places_of_text(one, name), None) for one in (other, feature))
                lines += filter(None, places)
                fix = f"leave one of the features out, or rename the {what} in one of them"
                yield feature.fault(
                    code, "\n".join([*lines, wins.format(other.name)]), Outside(fix)
                )


def _place(blueprint: Blueprint) -> str:
    """Return the place of a blueprint: its first route, or else its module."""
    return blueprint.routes[0].where if blueprint.routes else f"in {blueprint.import_name}"


def _places_of_text(feature: Candidate, text: str) -> Iterator[str]:
    """Give file and line of each literal *text* in the imported modules of a feature's wheel."""
    for entry in entry_points(group=ENTRY_POINT_GROUP, name=feature.name):
        if entry.dist is None or entry.dist.name != feature.distribution:
            continue
        package = entry.module.partition(".")[0]
        modules = [name for name in sorted(sys.modules) if name.partition(".")[0] == package]
        for name in (entry.module, *modules):
            source = getattr(sys.modules[name], "__file__", None)
            lines = Path(source).read_text("utf-8", "replace").splitlines() if source else []
            for number, line in enumerate(lines, start=1):
                if f'"{text}"' in line or f"'{text}'" in line:
                    yield f"{source}:{number}"
