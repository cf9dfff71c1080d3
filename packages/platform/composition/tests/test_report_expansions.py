"""What commands say of expansions."""

import re

from jsonschema import validate

from mercato_composition.features.relations import needs_between
from mercato_composition.report import check, contract, graph

from .greeting import hello
from .manifests import feature, planned
from .sites import schema_of
from .test_checks_expansions import WORD, guests, stars


def validated(command, members):
    """Return the members of a command's document, compared with its schema in the wheel."""
    validate({"format": "1.0", "command": command, **members}, schema_of(command))
    return members


def plan_of_reviews():
    """Return a plan with two expansions of guests."""
    expansions = [stars(), stars("smiles", public=True)]
    return planned(hello(), guests(), feature("reviews", expansions=expansions))


class TestGraph:
    def test_says_what_a_feature_expands(self):
        """A line for each kind of item names the expansions."""
        plan = plan_of_reviews()

        document = graph.describe(plan, list(needs_between(plan.features, {})))
        lines = list(graph.as_text(document))

        assert f"    expands   {WORD}: stars, smiles" in lines


class TestWhy:
    def test_says_who_expands_the_things_of_a_contract(self):
        """Beside offers and needs, the expansions of a contract's things are listed."""
        report = validated("why", contract.trace_contract("greeting", plan_of_reviews()))
        lines = [re.sub(r" {2,}", "  ", one) for one in contract.as_text(report)]

        start = lines.index("expanded by")
        assert lines[start + 1 : start + 3] == [
            f"  'reviews' (handed to create_app)  {WORD}: stars",
            f"  'reviews' (handed to create_app)  {WORD}: smiles",
        ]

    def test_has_no_section_without_expansions(self):
        """A contract whose things nothing expands has no such section."""
        report = contract.trace_contract("greeting", planned(hello()))

        assert report["expanded_by"] == []
        assert "expanded by" not in "".join(contract.as_text(report))


class TestDocument:
    def test_has_each_expansion(self):
        """`mercato check --json` has who expands what, and who may ask for it."""
        document = validated("check", check.describe("shop.toml", (), plan_of_reviews(), ()))

        assert document["expansions"][1] == {
            "items": WORD,
            "name": "smiles",
            "feature": "reviews",
            "distribution": None,
            "version": None,
            "allow": "anyone",
            "public": True,
        }
        assert [one["name"] for one in document["expansions"]] == ["stars", "smiles"]
