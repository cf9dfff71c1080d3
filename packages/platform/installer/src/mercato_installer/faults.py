"""The fault of packages that uv could not choose or install, by what uv says (K120)."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.util import find_spec

from packaging.requirements import Requirement

from mercato_composition.deployment import edits
from mercato_composition.deployment.packages import Requirements
from mercato_composition.faults import Certainty, Command, Fault, Fix, Outside, Place, mercato
from mercato_installer.tools import Reason, ToolFailedError

_WHAT: dict[Reason, str] = {
    "tool": "uv, which finds the packages, cannot be run",
    "index": "the index of packages does not answer",
    "conflict": "no versions were found that fit together",
    "other": "the packages were not found",
}


def unresolved(error: ToolFailedError, requirements: Requirements, *command: str) -> Fault:
    """Return the fault of packages that uv could not choose.

    Args:
        error: What uv says.
        requirements: What the deployment file requires.
        command: The arguments of the command of ours that asked for it.
    """
    named = list(_named_in(str(error), requirements)) if error.reason == "conflict" else []
    lines = [f"{_WHAT[error.reason]}:", str(error)]
    lines += [f"{_place(requirements, name)} names {one}" for name, one in named]
    place = Place(file=requirements.source.name)
    return Fault("K120", place, "\n".join(lines), _fixes(error, requirements, named, command))


def _fixes(
    error: ToolFailedError,
    requirements: Requirements,
    named: list[tuple[str, Requirement]],
    command: tuple[str, ...],
) -> tuple[Fix, ...]:
    if error.reason == "tool":
        return (_install_uv(),)
    if error.reason == "index":
        return (replace(mercato(*command, "--index", "<url>"), certainty="fill"),)
    ranged = [(name, one) for name, one in named if one.specifier]
    certainty: Certainty = "choice" if len(ranged) > 1 else "sure"
    fixes = tuple(_without_range(requirements, name, one, certainty) for name, one in ranged)
    return fixes or (Outside("correct the names of the packages, or publish them"),)


def _install_uv() -> Fix:
    if find_spec("pip") is None:
        return Outside("install uv into this environment")
    return Command(((sys.executable, "-m", "pip", "install", "uv"),))


def _without_range(
    requirements: Requirements, feature: str, one: Requirement, certainty: Certainty
) -> Fix:
    extras = f"[{','.join(sorted(one.extras))}]" if one.extras else ""
    path = ("features", feature, "package")
    return edits.set_value(requirements.source, path, f"{one.name}{extras}", certainty)


def _named_in(output: str, requirements: Requirements) -> Iterator[tuple[str, Requirement]]:
    """Give the requirements of the file that uv's explanation names."""
    for feature, requirement in requirements.by_feature.items():
        if requirement.name in output:
            yield feature, requirement


def _place(requirements: Requirements, feature: str) -> Place:
    return requirements.source.origin("features", feature, "package")
