"""Fixtures: a clone in which everything was released once."""

from collections.abc import Iterator

import pytest

from .deploying import Operator, operating
from .scratch import Scratch, make_scratch


@pytest.fixture(scope="session")
def everything_released(tmp_path_factory) -> Scratch:
    """Release and publish every distribution of a clone for the first time."""
    scratch = make_scratch(tmp_path_factory.mktemp("scratch"))
    scratch.do("release", "--", *scratch.units)
    for tag in scratch.git("tag").splitlines():
        scratch.do("publish", "--", tag, "--local")
    return scratch


@pytest.fixture
def scratch(everything_released) -> Iterator[Scratch]:
    """Return the clone as it was released; undo afterwards what a test changed and published."""
    at = everything_released.git("rev-parse", "HEAD")
    tags = set(everything_released.git("tag").splitlines())
    published = set(everything_released.published.iterdir())
    yield everything_released
    everything_released.git("reset", "--quiet", "--hard", at)
    everything_released.git("clean", "--quiet", "--force", "-d")
    for tag in set(everything_released.git("tag").splitlines()) - tags:
        everything_released.git("tag", "--delete", tag)
    for file in set(everything_released.published.iterdir()) - published:
        file.unlink()


@pytest.fixture
def operator(scratch, tmp_path) -> Iterator[Operator]:
    """Return an operator whose index has what is published now."""
    with operating(tmp_path) as one:
        one.mirror(scratch.published)
        one.make_environment()
        yield one
