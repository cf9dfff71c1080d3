"""The page on security has each requirement of the standard, and names tests that exist."""

from .documents import ROOT, missing_tests, requirements

PAGE = (ROOT / "docs/security.md").read_text()

SECTIONS = {
    "6.1": 3,
    "6.2": 12,
    "6.3": 4,
    "6.4": 4,
    "6.5": 5,
    "6.6": 3,
    "6.8": 4,
    "7.1": 3,
    "7.2": 4,
    "7.3": 2,
    "7.4": 5,
    "7.5": 2,
    "7.6": 2,
    "8.1": 2,
    "8.2": 3,
    "8.3": 1,
    "8.4": 1,
    "9.1": 3,
    "9.2": 4,
    "11.1": 2,
    "11.2": 3,
    "11.3": 3,
    "11.4": 4,
    "11.5": 1,
    "11.6": 1,
    "14.1": 2,
    "14.2": 4,
    "14.3": 3,
    "16.1": 1,
    "16.2": 5,
    "16.3": 4,
    "16.4": 3,
    "16.5": 3,
}
"""How many requirements of levels 1 and 2 each section of ASVS 5.0.0 begins with."""


class TestRequirements:
    def test_are_all_there(self):
        """The page has each requirement of levels 1 and 2 of its chapters once, in order."""
        numbers = [
            f"{section}.{number}"
            for section, most in SECTIONS.items()
            for number in range(1, most + 1)
        ]

        assert list(requirements(PAGE)) == numbers
        assert PAGE.count("\n| 6.1.1 |") == 1

    def test_are_met_or_say_why_not(self):
        """Each requirement names a test or a page, or says why it is not met."""
        assert [number for number, said in requirements(PAGE).items() if not any(said)] == []

    def test_name_tests_that_exist(self):
        """Each test that meets a requirement is in the repository."""
        assert missing_tests(PAGE) == []

    def test_a_test_that_is_gone_is_found(self):
        """A test that was renamed, and a file that was moved, are found."""
        here = "host/tests/together/test_security_page.py"
        gone = [f"{here}::TestRequirements::test_gone", "host/tests/gone.py::TestA::test_b"]
        there = f"{here}::TestRequirements::test_a_test_that_is_gone_is_found"

        assert missing_tests(" ".join(f"`{one}`" for one in (*gone, there))) == gone
