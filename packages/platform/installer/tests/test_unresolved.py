"""Packages that uv could not choose: what is said, by what uv says (K120)."""

import pytest

from mercato_composition.deployment.packages import read
from mercato_installer.faults import unresolved
from mercato_installer.tools import ToolFailedError, _failed

CONFLICT = """\
No solution found when resolving dependencies:
  ╰─▶ Because only mercato-alpha<9 is available and you require mercato-alpha>=9, we can
      conclude that your requirements are unsatisfiable.
"""


@pytest.fixture
def requirements(tmp_path):
    """What a deployment file requires: a range of one feature, and any version of another."""
    file = tmp_path / "deployment.toml"
    file.write_text('[features.alpha]\npackage = "mercato-alpha >= 9"\n[features.beta]\n')
    return read(file, {})


def fault_of(requirements, output):
    """Return the fault of an output of uv."""
    return unresolved(_failed(output, 1), requirements, "lock")


class TestUnresolved:
    @pytest.mark.provokes("K120")
    def test_versions_that_do_not_fit(self, requirements):
        """Uv's explanation is shown whole, with our lines; the fix gives the range up."""
        fault = fault_of(requirements, CONFLICT)

        assert fault.what.startswith("no versions were found that fit together:\n")
        assert CONFLICT.strip() in fault.what
        assert fault.what.endswith("deployment.toml:2:11 names mercato-alpha>=9")
        [fix] = fault.fixes
        assert (fix.line, fix.lines) == (2, ('package = "mercato-alpha"',))

    @pytest.mark.provokes("K120")
    def test_an_index_that_does_not_answer(self, requirements):
        """The fix names another index."""
        fault = fault_of(requirements, "error: Failed to fetch: `https://index.example/alpha/`")

        assert fault.what.startswith("the index of packages does not answer:\n")
        assert fault.fix == "mercato lock --index '<url>'"

    @pytest.mark.provokes("K120")
    def test_no_uv(self, requirements):
        """A uv that is missing is not called a conflict."""
        fault = unresolved(ToolFailedError("it has no program", "tool"), requirements, "lock")

        assert fault.what.startswith("uv, which finds the packages, cannot be run:\n")
        assert "install" in fault.fix
        assert "uv" in fault.fix

    @pytest.mark.provokes("K120")
    def test_anything_else(self, requirements):
        """What uv says otherwise is shown from its end."""
        lines = [f"line {number}" for number in range(20)]

        fault = fault_of(requirements, "\n".join(lines))

        assert fault.what.splitlines()[1:] == lines[-12:]
