import pytest
from packaging.version import Version

from mercato_dev.levels import Level, Reason, raise_version


class TestLevel:
    def test_the_greatest_is_the_one_to_raise(self):
        """One major change makes the whole release major."""
        assert max([Level.MINOR, Level.MAJOR, Level.PATCH]) is Level.MAJOR

    def test_has_a_name(self):
        """``str()`` of a level is its name."""
        assert f"{Level.MINOR}" == str(Level.MINOR) == "minor"


class TestReason:
    def test_is_one_line(self):
        """Reasons are lines with aligned columns."""
        gone = Reason(Level.MAJOR, "HTTP", "GET /v1/orders: 200 response: field number is gone")
        new = Reason(Level.PATCH, "fragment", "fixed")

        lines = [str(gone), str(new)]

        assert lines == [
            "major  HTTP      GET /v1/orders: 200 response: field number is gone",
            "patch  fragment  fixed",
        ]


class TestRaiseVersion:
    @pytest.mark.parametrize(
        ("version", "level", "raised"),
        [
            ("1.2.3", Level.PATCH, "1.2.4"),
            ("1.2.3", Level.MINOR, "1.3.0"),
            ("1.2.3", Level.MAJOR, "2.0.0"),
            ("0.2.3", Level.PATCH, "0.2.4"),
            ("0.2.3", Level.MINOR, "0.2.4"),
            ("0.2.3", Level.MAJOR, "0.3.0"),
        ],
    )
    def test_counts(self, version, level, raised):
        """Lower parts become 0; before 1.0, each level raises the next lower part."""
        assert str(raise_version(Version(version), level)) == raised
