"""What a deployment file asks an index for: names and ranges of versions, nothing else."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement

from mercato_composition.deployment import file as sources
from mercato_composition.deployment import tables as reading
from mercato_composition.deployment.file import Source
from mercato_composition.deployment.model import FeatureChoice
from mercato_composition.deployment.sections import table_at
from mercato_composition.faults import DeploymentError
from mercato_composition.faults import Fault

OF_THE_HOST = ("mercato-host", "mercato-kit")
"""What every environment has, whatever features it has."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*([<>=!~][<>=!~0-9A-Za-z.*+,\s]*)?", re.ASCII)


@dataclass(frozen=True)
class Wish:
    """What a deployment file wants to be installed. Reading it needs no secret and no database.

    Args:
        source: The file and the environment.
        requirements: What brings each feature, by its name.
        index: URL of the one index; None for the installer's own.
    """

    source: Source
    requirements: Mapping[str, Requirement]
    index: str | None

    @property
    def lines(self) -> tuple[str, ...]:
        """All requirements, the host's own included, as an installer reads them."""
        # A secret may be given as the path of a file that holds it.
        shared = {"url", "url_file"} & table_at(self.source, ("redis",)).keys()
        also = ("redis",) if shared else ()
        named = map(str, self.requirements.values())
        return tuple(sorted({*host_requirements(), *also, *named}))

    @property
    def file(self) -> Path:
        """The deployment file."""
        return (self.source.file or Path(self.source.name)).absolute()


def read(path: Path | None, environ: Mapping[str, str] = os.environ) -> Wish:
    """Read what a deployment file wants to be installed.

    Args:
        path: The file. Default: what ``MERCATO_DEPLOYMENT`` says, else ``deployment.toml``.
        environ: The environment; its ``MERCATO_…`` variables override the file.

    Raises:
        DeploymentError: With every mistake.
    """
    source = sources.load(path, environ)
    choices, faults = reading.choices(source, table_at(source, ("features",)))
    index, mistakes = reading.index_url(source)
    requirements, refused = requirements_of(choices)
    faults += [*mistakes, *refused]
    if faults:
        raise DeploymentError(faults)
    return Wish(source, requirements, index)


def requirements_of(
    choices: Mapping[str, FeatureChoice],
) -> tuple[dict[str, Requirement], list[Fault]]:
    """Return what brings each feature, and what is no name with a range of versions."""
    requirements: dict[str, Requirement] = {}
    faults: list[Fault] = []
    for name, choice in choices.items():
        requirement = requirement_of(choice)
        if isinstance(requirement, Fault):
            faults.append(requirement)
        else:
            requirements[name] = requirement
    return requirements, faults


def requirement_of(choice: FeatureChoice) -> Requirement | Fault:
    """Read what to install for a feature; nothing but a name and versions gets through."""
    text = choice.package if choice.package is not None else f"mercato-{choice.name}"
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        requirement = None
    if requirement is not None and _PLAIN.fullmatch(text.strip()):
        return requirement
    what = f"package = {text!r} is not a name with a range of versions."
    fix = (
        f'write it like "mercato-{choice.name} ~= 1.0": no URL, path, marker, extra or option; '
        "where packages come from is [index] url, or an option of `mercato lock`"
    )
    return Fault("K202", choice.where, what, fix, feature=choice.name)
