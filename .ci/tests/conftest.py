"""What the tests of the commands share."""

import sys
from pathlib import Path

import pytest

# The commands are no distribution: nothing installs them.
sys.path.insert(0, str(Path(__file__).parents[1]))

from .orchard import copy_settings
from .orchard import write_distribution


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
