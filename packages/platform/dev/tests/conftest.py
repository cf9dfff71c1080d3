import sys

import pytest

from mercato_dev.distributions import PROGRAMS
from mercato_testing.samples.fixtures import wheels

# The programs import modules beside them.
sys.path.insert(0, str(PROGRAMS))

from .orchard import begin_changelog, copy_settings, stand_in, write_distribution
from .team import BEFORE, Team

__all__ = ["wheels"]


@pytest.fixture
def orchard(tmp_path):
    """Return a workspace of two independent distributions."""
    copy_settings(tmp_path)
    write_distribution(tmp_path, "apples")
    write_distribution(tmp_path, "pears")
    return tmp_path


@pytest.fixture(scope="session")
def environments(tmp_path_factory):
    """Return a folder for environments that workspaces share."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def author(monkeypatch):
    """Let git commit as Ada."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")


@pytest.fixture
def planted(tmp_path, environments, author):
    """Return a workspace of apples and pears without a release."""
    copy_settings(tmp_path)
    stand_in(tmp_path)
    orchard = Team(tmp_path, environments)
    for name in ("apples", "pears"):
        write_distribution(tmp_path, name, version="1.0.0")
        begin_changelog(tmp_path, name)
    orchard.write_code(BEFORE)
    orchard.git("init", "--quiet", "--initial-branch=main")
    orchard.commit()
    return orchard


@pytest.fixture
def released(planted):
    """Return a workspace whose apples were released as 1.0.0."""
    (planted.root / "packages/apples/changes/+first.added.md").unlink()
    planted.commit()
    planted.git("tag", "--annotate", "--message=apples", "apples-v1.0.0")
    return planted
