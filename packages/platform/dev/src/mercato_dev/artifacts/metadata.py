"""What a built distribution says about itself, as an index and an installer read it."""

import tarfile
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path

from packaging.metadata import InvalidMetadata, Metadata
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mercato_dev.artifacts.contents import metadata_of
from mercato_dev.distributions import Distribution

CEILINGS = ("<", "<=", "==", "~=")


def faults_of_metadata(
    item: Distribution, wheel: Path, sdist: Path, ours: Collection[str]
) -> Iterator[str]:
    """Find what is missing or wrong in the metadata of a wheel and its sdist.

    Classifiers are checked by the build, the readme by twine.

    Args:
        item: The sources that they were built from.
        wheel: The wheel.
        sdist: The sdist.
        ours: The names of all that this repository publishes.
    """
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        raw = opened.read(f"{metadata_of(item)}/METADATA")
    with tarfile.open(sdist) as packed:
        member = packed.extractfile(f"{item.stem}/PKG-INFO")
        if member is None or member.read() != raw:
            yield "the metadata of the sdist is not that of the wheel"
    try:
        metadata = Metadata.from_email(raw)
    except ExceptionGroup as invalid:
        yield from (f"metadata: {fault}" for fault in flatten(invalid))
        return
    if (canonicalize_name(metadata.name), str(metadata.version)) != (
        item.name,
        item.project["version"],
    ):
        yield f"the metadata is that of {metadata.name} {metadata.version}"
    yield from missing_fields(metadata)
    for file in metadata.license_files or []:
        if f"{metadata_of(item)}/licenses/{file}" not in names:
            yield f"the licence file {file} is not in the wheel"
    for label, url in (metadata.project_urls or {}).items():
        if not url.startswith("https://"):
            yield f"the project URL {label!r} is no https address: {url}"
    yield from faults_of_limits(metadata.requires_dist or [], set(ours) - {item.name})


def flatten(group: ExceptionGroup[Exception]) -> Iterator[InvalidMetadata | Exception]:
    """Find every fault of a group of them."""
    for fault in group.exceptions:
        if isinstance(fault, ExceptionGroup):
            yield from flatten(fault)
        else:
            yield fault


def missing_fields(metadata: Metadata) -> Iterator[str]:
    """Name the fields that are needed and not there, as ``pyproject.toml`` calls them."""
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
    """Find requirements that an index would not take, or that nothing limits.

    Args:
        declared: The requirements.
        ours: The names of what this repository publishes besides.
    """
    for requirement in declared:
        operators = {one.operator for one in requirement.specifier}
        if requirement.url:
            yield f"{requirement} is a direct URL"
        elif canonicalize_name(requirement.name) in ours and operators.isdisjoint(CEILINGS):
            yield f"{requirement} has no ceiling, and the next major version may be anything"
