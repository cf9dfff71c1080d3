"""How the tests say what is different between two descriptions."""

from mercato_dev.surfaces.difference import compare


def differences(part, before, after):
    """Return a line for each difference of a part of two snapshots, the highest level first."""
    found = sorted(compare({part: before}, {part: after}), key=lambda one: -one.level)
    return [f"{one.level} {one}" for one in found]


def check(lines, expected):
    """Check that *expected* is said, and nothing of a higher level; or nothing at all."""
    if expected:
        assert expected in lines
    assert [line.split()[0] for line in lines[:1]] == expected.split()[:1]
