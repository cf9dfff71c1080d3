from dataclasses import FrozenInstanceError
from typing import Protocol, get_args, get_type_hints

import click
import pytest

from mercato_kit.feature import POLICIES, Feature, Need, Offer, Referent, SoftReference, contract_id

from .demo import Note


class Weather(Protocol):
    """A contract about the weather."""


class Sunny:
    """A provider of the contract."""


class TestFeature:
    def test_needs_only_a_name_and_a_summary(self):
        """All other parts of a manifest are optional."""
        feature = Feature(name="one", summary="The first")

        assert feature.blueprints == feature.needs == feature.offers == feature.jobs == ()
        assert (feature.metadata, feature.settings, feature.cli) == (None, None, None)
        assert feature.permissions == {}

    def test_names_its_groups_of_commands(self):
        """One group is named after the feature; each of several has its own name."""
        group = click.Group("payments")

        assert Feature(name="one", summary="", cli=group).groups == {"one": group}
        assert Feature(name="one", summary="", cli=[group]).groups == {"payments": group}
        assert Feature(name="one", summary="").groups == {}

    def test_cannot_be_changed(self):
        """A manifest is frozen."""
        with pytest.raises(FrozenInstanceError):
            Feature(name="one", summary="").name = "two"


class TestContractId:
    def test_is_the_name_of_its_module(self):
        """Needs and offers of one contract have the same id."""
        assert contract_id(Weather) == "test_feature"
        assert Need(Weather, ">=1,<2").id == Offer(Weather, "1.0", Sunny).id == "test_feature"


class TestWord:
    def test_has_contract_and_thing(self):
        """A referent and its soft references have the same name."""
        kept = SoftReference(Note.id, Weather, "day", policy="keeps_snapshot")

        assert kept.word == Referent(Weather, "day", Note.id).word == "test_feature.day"


class TestPolicies:
    def test_each_has_a_meaning(self):
        """Every policy of a soft reference has a description."""
        policy = get_type_hints(SoftReference)["policy"]

        assert tuple(POLICIES) == get_args(policy)
        assert all(POLICIES.values())
