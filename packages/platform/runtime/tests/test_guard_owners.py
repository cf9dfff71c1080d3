"""Whose code sends a statement."""

from importlib import import_module
from types import SimpleNamespace

import click
import pytest

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Feature
from mercato_runtime.guard.askers import Askers


def frame_in(module):
    """Return a frame of code that runs in a module of this name."""
    return SimpleNamespace(f_globals={"__name__": module})


def in_module(module):
    """Return a function of a module of this name."""

    def function(subject):
        return None

    function.__module__ = module
    return function


def composed(name, *modules, wheel=True):
    """Return a feature with code in *modules*."""
    erase, *others = [in_module(module) for module in modules]
    group = click.Group("g", commands=[click.Command(str(f), callback=f) for f in others])
    manifest = Feature(name=name, summary="For a test.", erase_subject=erase, cli=group)
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
    def test_code_is_its_package_s(self, module, owner):
        """Features of one namespace are told apart; libraries and tests are nobody's."""
        askers = Askers(
            [
                composed("hats", "mercato_hats.privacy", "mercato_hats.cli", "functools"),
                composed("shoes", "acme.shoes.privacy"),
                composed("gifts", "acme.gifts.deep.privacy"),
            ]
        )

        assert askers.of(frame_in(module)) == owner

    def test_the_kit_is_itself_where_its_tables_are_used(self):
        """Code of the kit that knows the kit's tables uses them in its own name."""
        askers = Askers([])
        frame = SimpleNamespace(f_globals=vars(import_module("mercato_kit.outbox")))

        assert askers.of(frame) == "kit"

    def test_a_module_of_two_features_is_nobody_s(self):
        """What two features share says nothing about who asks."""
        askers = Askers([composed("hats", "shared.code"), composed("shoes", "shared.code")])

        assert askers.of(frame_in("shared.code")) is None

    def test_features_made_by_tests_are_tests(self):
        """A manifest that was handed over from a test's file may do anything."""
        askers = Askers(
            [
                composed("hats", "test_hats", wheel=False),
                composed("shoes", "fakes", wheel=False),
                composed("gifts", "mercato_gifts.privacy", wheel=False),
            ]
        )

        owners = [askers.of(frame_in(m)) for m in ("test_hats", "fakes", "mercato_gifts.x")]
        assert owners == ["host", "host", "gifts"]

    def test_a_wheel_of_one_file_is_a_feature(self):
        """An installed feature may be a single module."""
        askers = Askers([composed("hats", "hats_in_one_file")])

        assert askers.of(frame_in("hats_in_one_file")) == "hats"
