"""The generated parts of docs are as ``nox -s docs`` writes them."""

import tomllib
from pathlib import Path

import pytest

from mercato_dev.scaffold import make_feature

from . import reference

ROOT = Path(__file__).parents[3]
EXAMPLE = ROOT / "docs/examples/reviews"
HOME = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mercato"]["home"]


def contents(folder):
    """Return the text of each file below *folder*, by path; without what Python cached."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    kept = [file for file in files if file.suffix != ".pyc"]
    return {str(file.relative_to(folder)): file.read_text() for file in kept}


class TestReference:
    @pytest.mark.parametrize("name", list(reference.PAGES))
    def test_is_in_step_with_the_code(self, name):
        """Each page is as its code says; where it is not, `nox -s docs` writes it."""
        written = (reference.FOLDER / name).read_text()

        assert written == reference.PAGES[name]()


class TestExample:
    def test_is_in_step_with_the_template(self, tmp_path):
        """The feature below docs/examples is the template, filled in, and nothing else."""
        made = make_feature("reviews", tmp_path, home=HOME, workspace=True)

        assert contents(EXAMPLE) == contents(made)
