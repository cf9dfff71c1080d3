"""What has been released before each rehearsed change: everything, once."""

from collections.abc import Iterator

import pytest

from .deploying import Operator, operating
from .scratch import Scratch, make_scratch


@pytest.fixture(scope="session")
def everything_released(tmp_path_factory) -> Scratch:
    """Release and publish every distribution of a scratch clone for the first time."""
    scratch = make_scratch(tmp_path_factory.mktemp("scratch"))
    scratch.do("release", "--", *scratch.units)
    for tag in scratch.git("tag").splitlines():
        scratch.do("publish", "--", tag, "--local")
    return scratch


@pytest.fixture
def scratch(everything_released) -> Iterator[Scratch]:
    """Offer the scratch clone as it was released; what a test changes and publishes goes again."""
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
    """Offer an operator who knows what was published by now."""
    with operating(tmp_path) as somebody:
        somebody.mirror(scratch.published)
        somebody.make_environment()
        yield somebody
