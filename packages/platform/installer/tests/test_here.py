"""What `mercato install --here` installs: what the file names and the environment lacks."""

import pytest

from mercato_composition.deployment.reader import read_deployment
from mercato_installer.here import missing
from mercato_testing.samples.wheels import GOOD, install


@pytest.fixture
def lamps(tmp_path, monkeypatch):
    """An installed feature in version 1.0, with an extra whose package is not installed."""
    monkeypatch.syspath_prepend(tmp_path)
    install(
        tmp_path,
        "lamps",
        GOOD.format(name="lamps"),
        requires=['a-wheel-that-is-away; extra == "colour"'],
        metadata="Provides-Extra: colour",
    )


class TestMissing:
    @pytest.mark.parametrize(
        ("package", "is_missing"),
        [
            (None, False),
            ("mercato-lamps", False),
            ("mercato-lamps >= 1", False),
            ("mercato-lamps >= 2", True),
            ("mercato-lamps[colour]", True),
            ("mercato-other-lamps", True),
        ],
    )
    def test_compares_the_whole_requirement(self, lamps, package, is_missing):
        """A version out of the range, an extra and another distribution are missing."""
        choice = {} if package is None else {"package": package}
        values = {"environment": "testing", "features": {"lamps": choice}}

        found = missing(read_deployment(values))

        assert bool(found) is is_missing
