import sys

import pytest

from mercato_dev.distributions import PROGRAMS
from mercato_testing.samples.fixtures import wheels

# The programs find their own modules beside them.
sys.path.insert(0, str(PROGRAMS))

from .orchard import begin_changelog, copy_settings, stand_in, write_distribution
from .team import BEFORE, Team

__all__ = ["wheels"]


@pytest.fixture
def orchard(tmp_path):
    """Offer a workspace of two distributions that do not know each other."""
    copy_settings(tmp_path)
    write_distribution(tmp_path, "apples")
    write_distribution(tmp_path, "pears")
    return tmp_path


@pytest.fixture(scope="session")
def environments(tmp_path_factory):
    """Offer a folder for environments that several workspaces use, one after the other."""
    return tmp_path_factory.mktemp("environments")


@pytest.fixture
def planted(tmp_path, environments, monkeypatch):
    """Offer a workspace of apples and pears, neither of which was released."""
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")
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
    """Offer a workspace whose apples were released as 1.0.0."""
    (planted.root / "packages/apples/changes/+first.added.md").unlink()
    planted.commit()
    planted.git("tag", "--annotate", "--message=apples", "apples-v1.0.0")
    return planted
