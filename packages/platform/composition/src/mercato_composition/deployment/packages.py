"""Read the packages that a deployment file names: distributions with ranges of versions."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from mercato_composition.deployment import edits, file as sources, tables as reading
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.host import host_requirements
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.partial import known
from mercato_composition.deployment.sections import table_at
from mercato_composition.faults import DeploymentError, Fault

_PLAIN = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[A-Za-z0-9._,\s-]*\]\s*)?([<>=!~][<>=!~0-9A-Za-z.*+,\s]*)?",
    re.ASCII,
)


@dataclass(frozen=True)
class Requirements:
    """The packages that a deployment file names. Reading it needs no secret and no database.

    Args:
        source: The file and the environment.
        by_feature: The requirement that brings each feature.
        index: URL of the only index to use; None for the installer's default.
    """

    source: Source
    by_feature: Mapping[str, Requirement]
    index: str | None

    @property
    def lines(self) -> tuple[str, ...]:
        """All requirements, those of the host included, in PEP 508 form."""
        # The URL is a secret, so it may be given as the path of a file.
        uses_redis = {"url", "url_file"} & table_at(self.source, ("redis",)).keys()
        redis = ("redis",) if uses_redis else ()
        of_features = map(str, self.by_feature.values())
        return tuple(sorted({*host_requirements(), *redis, *of_features}))

    @property
    def file(self) -> Path:
        """The deployment file."""
        return (self.source.file or Path(self.source.name)).absolute()


def read(path: Path | None, environ: Mapping[str, str] = os.environ) -> Requirements:
    """Read the packages that a deployment file names.

    Args:
        path: The file. Default: the one that ``MERCATO_DEPLOYMENT`` names, else
            ``deployment.toml``.
        environ: The environment; its ``MERCATO_…`` variables override the file.

    Raises:
        DeploymentError: The file is invalid; with all faults.
    """
    source = sources.load(path, environ)
    choices, mistakes = reading.choices(source)
    index, refused = reading.index_url(source)
    requirements, more = requirements_of(source, choices)
    if faults := [*source.faults, *mistakes, *refused, *more]:
        raise DeploymentError(faults)
    return Requirements(source, requirements, known(index))


def requirements_of(
    source: Source, choices: Mapping[str, FeatureChoice]
) -> tuple[dict[str, Requirement], list[Fault]]:
    """Return the requirement of each feature, by feature name, and the faults of the others."""
    requirements: dict[str, Requirement] = {}
    faults: list[Fault] = []
    for name, choice in choices.items():
        if "package" in choice.unknown:
            continue
        requirement = requirement_of(choice)
        if requirement is None:
            faults.append(_not_plain(source, choice))
        else:
            requirements[name] = requirement
    return requirements, faults


def requirement_of(choice: FeatureChoice) -> Requirement | None:
    """Return the requirement that brings a feature; None if the file's is not accepted.

    Only a name with extras and a range of versions is: a URL or a path could bring unreviewed code.
    """
    text = choice.package if choice.package is not None else f"mercato-{choice.name}"
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return requirement if _PLAIN.fullmatch(text.strip()) else None


def _not_plain(source: Source, choice: FeatureChoice) -> Fault:
    what = (
        f"package = {choice.package!r} is not a name with a range of versions: no URL, path, "
        "marker or option; where packages come from is [index] url"
    )
    path = ("features", choice.name, "package")
    fix = edits.set_value(source, path, f"mercato-{choice.name.replace('_', '-')}")
    return Fault("K202", source.shown(*path), what, (fix,), feature=choice.name)
