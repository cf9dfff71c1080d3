"""A feature imports no other feature, and of the platform only the kit."""

import pytest

from mercato_composition.features.checks.imports import own_packages_only
from mercato_testing.samples.wheels import GOOD, install_package

from .manifests import planned

MANIFEST = GOOD.format(name="reviews")


def found_in(wheels, **files):
    """Return what is found in the modules of a wheel."""
    sources = {f"{name}.py": source for name, source in files.items()}
    install_package(wheels, "reviews", {"feature.py": MANIFEST, **sources})
    return list(own_packages_only(planned(values={"features": {"reviews": {}}}).features))


class TestImports:
    @pytest.mark.provokes("K420")
    def test_another_feature(self, wheels):
        """K420 has file and line of each import, also of one within a function."""
        other = install_package(wheels, "stars", {"feature.py": GOOD.format(name="stars")})

        [fault] = found_in(wheels, jobs=f"def run():\n    from {other}.models import Star\n")

        assert (fault.key, fault.feature) == (f"K420@reviews#{other}", "reviews")
        assert f"it imports {other}, of the feature 'stars':" in fault.what
        assert fault.what.endswith("/jobs.py:2")

    @pytest.mark.provokes("K420")
    def test_the_platform(self, wheels):
        """K420: what is behind the kit may change with any release."""
        source = "import mercato_kit.db\nimport mercato_runtime.app, json\n"

        [fault] = found_in(wheels, app=source)

        assert "it imports mercato_runtime, of the platform's runtime:" in fault.what
        assert fault.what.endswith("/app.py:2")

    def test_its_own_modules_and_the_kit(self, wheels):
        """Its own modules, the kit and other libraries may be imported; text is no import."""
        source = "import PACKAGE.other\nfrom . import other\nfrom mercato_kit import db\n"

        assert found_in(wheels, models=f"{source}'import mercato_host'\n", other="def (") == []

    @pytest.mark.provokes("K420")
    def test_in_other_letters(self, wheels):
        """K420 is found where the name is written in letters that Python reads as plain ones."""
        wide = "".join(chr(ord(letter) + 0xFEE0) for letter in "runtime")

        [fault] = found_in(wheels, app=f"# “wide”\nimport mercato_{wide}\n")

        assert fault.what.endswith("/app.py:2")
