"""The owner of the code that sends a statement."""

from importlib import import_module
from types import SimpleNamespace

import click
import pytest

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Feature
from mercato_kit.privacy import PersonalData
from mercato_runtime.guard.owners import CodeOwners


def frame_in(module):
    """Return a fake frame of a module with this name."""
    return SimpleNamespace(f_globals={"__name__": module})


def in_module(module):
    """Return a function of a module with this name."""

    def function(subject):
        return None

    function.__module__ = module
    return function


def composed(name, *modules, wheel=True):
    """Return a feature with code in *modules*."""
    erase, *others = [in_module(module) for module in modules]
    group = click.Group("g", commands=[click.Command(str(f), callback=f) for f in others])
    manifest = Feature(
        name=name,
        summary="For a test.",
        personal_data=PersonalData({}, erase=erase),
        cli=group,
    )
    return Candidate(manifest, "dist" if wheel else None, "1.0")


class TestAskers:
    @pytest.mark.parametrize(
        ("module", "owner"),
        [
            ("mercato_hats.privacy", "hats"),
            ("mercato_hats.services.deeply.nested", "hats"),
            ("mercato_hats", "hats"),
            ("mercato_hats_more", None),
            ("acme.shoes.services", "shoes"),
            ("acme.gifts", "gifts"),
            ("acme.common", None),
            ("sqlalchemy.orm.session", None),
            ("functools", None),
            ("contextlib", None),
            ("mercato_kit.work", None),
            ("mercato_runtime.worker", "host"),
            ("packages.hats.tests.factories", "host"),
            ("test_hats", "host"),
            ("mercato_hats.tests.test_hats", "host"),
        ],
    )
    def test_finds_the_owner_of_a_module(self, module, owner):
        """A module belongs to the feature of its package, also in a shared namespace."""
        owners = CodeOwners(
            [
                composed("hats", "mercato_hats.privacy", "mercato_hats.cli", "functools"),
                composed("shoes", "acme.shoes.privacy"),
                composed("gifts", "acme.gifts.deep.privacy"),
            ]
        )

        assert owners.of(frame_in(module)) == owner

    def test_the_kit_owns_modules_that_use_its_tables(self):
        """A module of the kit belongs to the kit if it uses the kit's tables."""
        owners = CodeOwners([])
        frame = SimpleNamespace(f_globals=vars(import_module("mercato_kit.outbox")))

        assert owners.of(frame) == "kit"

    def test_a_module_of_two_features_has_no_owner(self):
        """A module that two features share has no owner."""
        owners = CodeOwners([composed("hats", "shared.code"), composed("shoes", "shared.code")])

        assert owners.of(frame_in("shared.code")) is None

    def test_features_made_by_tests_are_tests(self):
        """A feature that is defined in a test counts as a test."""
        owners = CodeOwners(
            [
                composed("hats", "test_hats", wheel=False),
                composed("shoes", "fakes", wheel=False),
                composed("gifts", "mercato_gifts.privacy", wheel=False),
            ]
        )

        owners = [owners.of(frame_in(m)) for m in ("test_hats", "fakes", "mercato_gifts.x")]
        assert owners == ["host", "host", "gifts"]

    def test_a_wheel_of_one_file_is_a_feature(self):
        """An installed feature may be a single module."""
        owners = CodeOwners([composed("hats", "hats_in_one_file")])

        assert owners.of(frame_in("hats_in_one_file")) == "hats"
