"""K117: what a wheel says it needs around it: Python, the platform, other distributions."""

import platform
from collections.abc import Iterator
from importlib.metadata import Distribution
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier
from packaging.specifiers import SpecifierSet
from packaging.tags import parse_tag
from packaging.tags import sys_tags
from packaging.utils import canonicalize_name

_EVERYWHERE = "py3-none-any"


def requirements(distribution: Distribution) -> Iterator[Requirement]:
    """Give what a distribution requires, its extras included."""
    for text in distribution.requires or ():
        yield Requirement(text)


def lacks(distribution: Distribution) -> Iterator[str]:
    """Say what of its surroundings a wheel does not find, in a line each."""
    running = platform.python_version()
    # Not metadata["…"]: from Python 3.12 on, it warns where there is no such line.
    for wanted in distribution.metadata.get_all("Requires-Python") or ():
        if not _holds(wanted, running):
            yield f"needs Python {wanted}; this is Python {running}"
    tags = _tags(distribution)
    if tags and _EVERYWHERE not in tags and not _runs_here(tags):
        yield f"was built for {', '.join(tags)}; this is {platform.platform(terse=True)}"
    for requirement in requirements(distribution):
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        # Another kit is a fault of its own.
        if canonicalize_name(requirement.name) != "mercato-kit":
            yield from _misfit(requirement)


def _misfit(requirement: Requirement) -> Iterator[str]:
    try:
        there = version(requirement.name)
    except PackageNotFoundError:
        yield f"needs {_plain(requirement)}, which is not installed"
        return
    if not requirement.specifier.contains(there, prereleases=True):
        yield f"needs {_plain(requirement)}; {requirement.name} {there} is installed"


def _plain(requirement: Requirement) -> str:
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"


def _holds(range_: str, running: str) -> bool:
    try:
        return SpecifierSet(range_).contains(running, prereleases=True)
    except InvalidSpecifier:
        # What its own tools wrote wrongly says nothing about this Python.
        return True


def _tags(distribution: Distribution) -> list[str]:
    lines = (distribution.read_text("WHEEL") or "").splitlines()
    return [line.partition(":")[2].strip() for line in lines if line.startswith("Tag:")]


def _runs_here(tags: list[str]) -> bool:
    here = set(sys_tags())
    return any(not here.isdisjoint(parse_tag(tag)) for tag in tags)
