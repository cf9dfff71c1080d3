"""The check of combinations finds errors."""

import json
from typing import Annotated, Protocol

import pytest
from msgspec import Meta

from mercato_kit.feature import Expansion, Feature, Need, Offer, contract_id
from mercato_kit.http import Blueprint
from mercato_kit.policies import anyone
from mercato_kit.schemas import Schema
from mercato_kit.settings import Settings

from .combinations import (
    NotAsPromisedError,
    choices,
    compare,
    expected_codes,
    installed_features,
    part_of,
    table_of,
)


class Salt(Protocol):
    """A contract of these tests."""


class Pepper(Protocol):
    """Another contract of these tests."""


def feature(name, *, needs=(), offers=()):
    """Return a manifest that needs and offers contracts, each with its versions."""
    return Feature(
        name=name,
        summary="For a test.",
        needs=[Need(contract, versions) for contract, versions in needs],
        offers=[Offer(contract, version, object) for contract, version in offers],
    )


SOUP = feature("soup", needs=[(Salt, ">=1,<2")])
SEA = feature("sea", offers=[(Salt, "1.4")])
MINE = feature("mine", offers=[(Salt, "2.0")])
CHEF = feature("chef", needs=[(Salt, ">=1")], offers=[(Pepper, "1.0")])
SEA_OF_CHEF = feature("sea", needs=[(Pepper, ">=1")], offers=[(Salt, "1.0")])


class TestExpectedCodes:
    @pytest.mark.parametrize(
        ("features", "codes"),
        [
            ([], set()),
            ([SEA], set()),
            ([SOUP, SEA], set()),
            ([SOUP], {"K108"}),
            ([SOUP, MINE], {"K109"}),
            ([SEA, MINE], {"K111"}),
            ([CHEF, SEA_OF_CHEF], {"K110"}),
        ],
    )
    def test_are_computed_from_the_manifests(self, features, codes):
        """The expected faults are derived from the manifests, not from a list of features."""
        assert expected_codes(features) == codes

    @pytest.mark.parametrize(
        ("features", "chosen", "codes"),
        [
            ([SEA, MINE], "mine", set()),
            ([SEA, MINE, SOUP], "sea", set()),
            ([SEA, MINE, SOUP], "mine", {"K109"}),
        ],
    )
    def test_count_the_chosen_offer_alone(self, features, chosen, codes):
        """If the file chooses between two offers, the other one does not count."""
        contract = contract_id(Salt)

        assert expected_codes(features, {contract: chosen}) == codes


class TestHasExpandedItems:
    def test_looks_for_the_routes(self):
        """What a feature expands needs a route with such items."""
        grains = Expansion(Salt, "grain", "size", Schema, "Its size.", dict)
        sizes = Feature(name="sizes", summary="For a test.", expansions=[grains])
        blueprint = Blueprint("grains", __name__)
        blueprint.get("/grains", allow=anyone, expands=(Salt, "grain"))(list)
        shore = Feature(name="shore", summary="For a test.", blueprints=[blueprint])

        assert expected_codes([sizes]) == {"K125"}
        assert expected_codes([sizes, shore]) == set()


class TestChoices:
    def test_end_the_clashes_and_nothing_else(self):
        """For a contract that several features offer, the first by name is chosen."""
        assert choices([SEA, MINE, SOUP]) == {contract_id(Salt): "mine"}
        assert choices([SEA, SOUP]) == {}


class Bowl(Settings, frozen=True, kw_only=True):
    """Settings of these tests."""

    size: Annotated[int, Meta(examples=[7])]
    colour: str = "white"


class TestTableOf:
    def test_sets_what_must_be_set(self):
        """Required settings have their examples; the others keep their defaults."""
        bowls = Feature(name="bowls", summary="For a test.", settings=Bowl)

        assert table_of(bowls) == "[features.bowls]\n[features.bowls.settings]\nsize = 7\n"
        assert table_of(SEA) == "[features.sea]\n[features.sea.settings]\n"


def document(**changes):
    """Return an API document of two features."""
    schema = {"properties": {"id": {"type": "string"}}, **changes}
    answer = {"$ref": "#/components/schemas/SoupBowl"}
    return {
        "tags": [{"name": "soup"}, {"name": "sea"}],
        "paths": {
            "/v1/bowls": {"get": {"tags": ["soup"], "responses": {"200": answer}}},
            "/v1/waves": {"get": {"tags": ["sea"]}},
        },
        "components": {"schemas": {"SoupBowl": {"items": {"$ref": _SPOON}}, "Spoon": schema}},
    }


_SPOON = "#/components/schemas/Spoon"


class TestPartOf:
    def test_is_what_the_document_says_of_one_feature(self):
        """A feature's part has its paths and the schemas that these refer to, also indirectly."""
        part = json.loads(part_of(document(), "soup"))

        assert list(part["paths"]) == ["/v1/bowls"]
        assert list(part["schemas"]) == ["SoupBowl", "Spoon"]
        assert part["tags"] == [{"name": "soup"}]

    def test_leaves_out_what_composition_owns(self):
        """What enabled features offer and expand is no part of the feature that refers to it."""
        found = document(expanded={"$ref": "#/components/schemas/SaltGrainExpanded"})
        found["components"]["schemas"]["SaltGrainExpanded"] = {"$ref": _SPOON}

        assert list(json.loads(part_of(found, "soup"))["schemas"]) == ["SoupBowl", "Spoon"]


class TestCompare:
    def test_accepts_the_same_bytes(self, tmp_path):
        """The first combination writes the documents with which later ones are compared."""
        part = part_of(document(), "soup")

        compare(tmp_path / "new" / "soup.json", part)
        compare(tmp_path / "new" / "soup.json", part)

        assert (tmp_path / "new" / "soup.json").read_text() == part

    def test_refuses_a_document_that_depends_on_others(self, tmp_path):
        """A schema that differs beside another feature is found and shown."""
        compare(tmp_path / "soup.json", part_of(document(), "soup"))

        with pytest.raises(
            NotAsPromisedError, match=r"soup depends on what else is on:\n- .*\n\+ "
        ):
            compare(tmp_path / "soup.json", part_of(document(title="Spoon1"), "soup"))


class TestInstalledFeatures:
    def test_refuses_an_environment_with_others(self):
        """An environment with other features than expected is refused."""
        with pytest.raises(NotAsPromisedError, match="installed are"):
            installed_features(["mercato-orders"])
