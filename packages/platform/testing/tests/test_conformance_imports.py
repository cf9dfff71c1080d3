"""The check of imports."""

from importlib import import_module

import pytest

from mercato_testing.conformance.imports import is_public, private_names
from mercato_testing.samples import wheels

FEATURE = """
    from mercato_kit.feature import Feature

    feature = Feature(name="alpha", summary="For a test.")
"""

SERVICES = """
    import mercato_kit.shown
    from mercato_kit.db import session, utc_now
    from mercato_kit.http import Blueprint, addresses
    from mercato_kit.http.etag import weak

    def show():
        from mercato_kit import sqlite
"""


class TestPrivateNames:
    def test_finds_modules_and_names_outside_the_list(self, tmp_path, monkeypatch):
        """Each import of something private is found with its line, also one in a function."""
        monkeypatch.syspath_prepend(tmp_path)
        files = {"feature.py": FEATURE, "inner/services.py": SERVICES}
        package = wheels.install_package(tmp_path, "alpha", files)
        feature = import_module(f"{package}.feature").feature

        found = list(private_names(feature))

        assert found == [
            "inner/services.py:2: mercato_kit.shown is not a public name",
            "inner/services.py:5: mercato_kit.http.etag.weak is not a public name",
            "inner/services.py:8: mercato_kit.sqlite is not a public name",
        ]


class TestIsPublic:
    @pytest.mark.parametrize(
        ("name", "public"),
        [
            ("mercato_kit", True),
            ("mercato_kit.db", True),
            ("mercato_kit.db.session", True),
            ("mercato_kit.http.addresses.counted_as", True),
            ("mercato_kit.shown", False),
            ("mercato_kit.views.view", False),
            ("mercato_kit.later._STATEMENTS_KEPT", False),
            # Defined in mercato_kit.prepared, and only used here.
            ("mercato_kit.later.Prepared", False),
        ],
    )
    def test_follows_the_lists(self, name, public):
        """A name is public if each part is listed, or defined there without an underscore."""
        assert is_public(name) is public
