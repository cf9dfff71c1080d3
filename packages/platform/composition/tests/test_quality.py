"""The quality level that a package records."""

import pytest

from mercato_composition.features.quality import recorded_level
from mercato_testing.samples import wheels


class TestRecordedLevel:
    @pytest.mark.parametrize(
        ("text", "level"),
        [
            ('{"level": "gold"}', "gold"),
            ('{"level": "diamond"}', None),
            ('{"level": "gold", "more": 1}', None),
            ("gold", None),
        ],
    )
    def test_is_read_without_an_import(self, tmp_path, monkeypatch, text, level):
        """The level is read from a package that cannot be imported; others say nothing."""
        monkeypatch.syspath_prepend(tmp_path)
        files = {"__init__.py": "1 / 0", "quality.json": text}
        package = wheels.install_package(tmp_path, "alpha", files)

        assert recorded_level(package) == level

    @pytest.mark.parametrize("package", ["", "not_there", "this", "a..b", "email"])
    def test_is_none_without_a_record(self, package):
        """A package that records nothing, a module and what is not there have no level."""
        assert recorded_level(package) is None
