"""Compare two descriptions in tests."""

from mercato_dev.surfaces.difference import compare


def differences(part, before, after):
    """Return a line for each difference in one part of two snapshots, highest level first."""
    found = sorted(compare({part: before}, {part: after}), key=lambda one: -one.level)
    return [f"{one.level} {one}" for one in found]


def check(lines, expected):
    """Check that *expected* is a line and no line has a higher level; or that there is none."""
    if expected:
        assert expected in lines
    assert [line.split()[0] for line in lines[:1]] == expected.split()[:1]
