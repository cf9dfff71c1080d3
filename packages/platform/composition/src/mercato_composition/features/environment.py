"""K117: check what a wheel requires: a Python version, a platform, other distributions."""

import platform
from collections.abc import Collection, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import parse_tag, sys_tags
from packaging.utils import canonicalize_name

from mercato_composition.features.installed import Known

_EVERYWHERE = "py3-none-any"


def requirements(distribution: Distribution) -> Iterator[Requirement]:
    """Give the requirements of a distribution, those of its extras included."""
    for text in distribution.requires or ():
        yield Requirement(text)


def unmet_requirements(distribution: Distribution, extras: Collection[str] = ()) -> Iterator[str]:
    """Give a line for each requirement of a wheel that this environment does not meet."""
    running = platform.python_version()
    # Not metadata["…"]: from Python 3.12 on, it warns if there is no such line.
    for range_ in distribution.metadata.get_all("Requires-Python") or ():
        if not _holds(range_, running):
            yield f"needs Python {range_}; this is Python {running}"
    tags = _tags(distribution)
    if tags and _EVERYWHERE not in tags and not _runs_here(tags):
        yield f"was built for {', '.join(tags)}; this is {platform.platform(terse=True)}"
    for requirement in requirements(distribution):
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            continue
        # A kit that does not fit is reported as K105.
        if canonicalize_name(requirement.name) != "mercato-kit":
            yield from _misfit(requirement)


def _misfit(requirement: Requirement) -> Iterator[str]:
    try:
        installed = Known(distribution(requirement.name)).version
    except PackageNotFoundError:
        yield f"needs {_plain(requirement)}, which is not installed"
        return
    if not requirement.specifier.contains(installed, prereleases=True):
        yield f"needs {_plain(requirement)}; {requirement.name} {installed} is installed"


def _plain(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _holds(range_: str, running: str) -> bool:
    try:
        return SpecifierSet(range_).contains(running, prereleases=True)
    except InvalidSpecifier:
        # Invalid metadata does not prove that the wheel cannot run here.
        return True


def _tags(distribution: Distribution) -> list[str]:
    lines = (distribution.read_text("WHEEL") or "").splitlines()
    return [line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")]


def _runs_here(tags: list[str]) -> bool:
    here = set(sys_tags())
    return any(not here.isdisjoint(parse_tag(tag)) for tag in tags)
