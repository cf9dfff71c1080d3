"""Check the metadata of a built distribution, which indexes and installers read."""

from collections.abc import Collection, Iterator
from pathlib import Path

from packaging.metadata import Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mercato_dev.artifacts.comparison import read_files
from mercato_dev.artifacts.contents import metadata_of
from mercato_dev.distributions import Distribution

CEILINGS = ("<", "<=", "==", "~=")


def faults_of_metadata(
    item: Distribution, wheel: Path, sdist: Path, ours: Collection[str]
) -> Iterator[str]:
    """Find what is missing or wrong in the metadata of a wheel and its sdist.

    The build checks classifiers, and twine the readme.

    Args:
        item: The sources.
        wheel: The wheel.
        sdist: The sdist.
        ours: The names of all distributions of this repository.
    """
    inside = read_files(wheel)
    raw = inside[f"{metadata_of(item)}/METADATA"]
    if read_files(sdist).get(f"{item.stem}/PKG-INFO") != raw:
        yield "the metadata of the sdist is not that of the wheel"
    try:
        metadata = Metadata.from_email(raw)
    except ExceptionGroup as invalid:
        yield from (f"metadata: {fault}" for fault in flatten(invalid))
        return
    is_ours = canonicalize_name(metadata.name) == item.name
    if not is_ours or str(metadata.version) != item.project["version"]:
        yield f"the metadata is that of {metadata.name} {metadata.version}"
    yield from missing_fields(metadata)
    for file in metadata.license_files or []:
        if f"{metadata_of(item)}/licenses/{file}" not in inside:
            yield f"the licence file {file} is not in the wheel"
    for label, url in (metadata.project_urls or {}).items():
        if not url.startswith("https://"):
            yield f"the project URL {label!r} is not an https address: {url}"
    yield from faults_of_limits(metadata.requires_dist or [], set(ours) - {item.name})


def flatten(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    """Return the exceptions in nested groups."""
    for fault in group.exceptions:
        yield from flatten(fault) if isinstance(fault, ExceptionGroup) else [fault]


def missing_fields(metadata: Metadata) -> Iterator[str]:
    """Find required fields that are absent; faults name them as pyproject.toml does."""
    fields = {
        "description": metadata.summary,
        "readme": metadata.description,
        "readme's content type": metadata.description_content_type,
        "license (an SPDX expression)": metadata.license_expression,
        "license-files": metadata.license_files,
        "requires-python": metadata.requires_python,
        "classifiers": metadata.classifiers,
    }
    yield from (f"the metadata has no {name}" for name, value in fields.items() if not value)


def faults_of_limits(declared: Collection[Requirement], ours: Collection[str]) -> Iterator[str]:
    """Find requirements that an index refuses, and requirements on *ours* without a ceiling."""
    for requirement in declared:
        operators = {one.operator for one in requirement.specifier}
        if requirement.url:
            yield f"{requirement} is a direct URL"
        elif canonicalize_name(requirement.name) in ours and operators.isdisjoint(CEILINGS):
            yield f"{requirement} has no ceiling: the next major version may break it"
