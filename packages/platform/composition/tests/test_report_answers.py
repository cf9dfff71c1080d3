"""What `graph`, `why` and `check --json` say of many answers, stacks and remote providers."""

import pytest
from jsonschema import validate

from mercato_composition.features.relations import needs_between
from mercato_composition.report import contract, graph
from mercato_composition.report.answers import describe_contracts
from mercato_composition.report.settings import settings_of
from mercato_kit.feature import Need

from .greeting import Greeting, asks, hello
from .manifests import feature, planned
from .sites import schema_of
from .test_checks_decorators import TWICE, decorating
from .test_checks_remote import FAR_TIPS
from .tips import Tips, tipping

VALUES = {
    "capabilities": {"tips": ["vouchers", "far_tips"]},
    "decorators": {"greeting": ["twice", "loud"]},
    "remote": {"tips": {"far_tips": {"late": "skip"}}},
}


@pytest.fixture
def plan():
    """A plan of many answers in an order, one of them remote, one left out; and of a stack."""
    needs = [Need(Tips, ">=1,<2", at_least=0), Need(Greeting, ">=1,<2")]
    tips = [tipping("vouchers"), tipping("loyalty"), FAR_TIPS]
    return planned(*tips, hello(), decorating(), TWICE, asks(needs=needs), values=VALUES)


def lines_of(plan):
    """Return the lines of the graph, without those of features."""
    needs = list(needs_between(plan.features, plan.answers))
    text = graph.as_text(graph.describe(plan, needs))
    return [line.strip() for line in text if line.startswith(" ")]


class TestGraph:
    def test_shows_all_answers_and_the_stack(self, plan):
        """Needs show all answers in order, with the terms of remote ones; and what is over what."""
        assert lines_of(plan) == [
            "offers    tips 1.0: for asks",
            "offers    greeting 1.0: for asks",
            "offers    tips 1.0: for none",
            "offers    tips 1.0: for asks",
            "decorates greeting 1.1: over hello 1.0",
            "decorates greeting 1.1: over loud 1.1 over hello 1.0",
            "needs     tips >=1,<2 (0 or more): vouchers 1.0, far_tips 1.0 (remote, late: skip)",
            "needs     greeting >=1,<2: twice 1.1 over loud 1.1 over hello 1.0",
        ]

    def test_shows_what_is_not_there(self):
        """A need that may be unanswered says so; other versions are shown as what they are."""
        needs = [Need(Tips, ">=2", at_least=0), Need(Greeting, ">=1,<2", at_least=0)]

        assert lines_of(planned(asks(needs=needs), tipping("old"))) == [
            "needs     tips >=2 (0 or more): old 1.0 (does not fit)",
            "needs     greeting >=1,<2 (0 or 1): not offered",
            "offers    tips 1.0: for asks",
        ]

    def test_draws_each_answer(self, plan):
        """The flowchart has an arrow to each answer, and one from each decorator."""
        needs = list(needs_between(plan.features, plan.answers))
        arrows = [line.strip() for line in graph.as_mermaid(plan, needs) if "|" in line]

        assert arrows == [
            'feature_asks -.->|"tips #gt;=1,#lt;2"| feature_vouchers',
            'feature_asks -.->|"tips #gt;=1,#lt;2"| feature_far_tips',
            'feature_asks -->|"greeting #gt;=1,#lt;2"| feature_twice',
            'feature_loud -->|"over greeting"| feature_hello',
            'feature_twice -->|"over greeting"| feature_loud',
        ]


class TestWhy:
    def test_gives_the_order_and_its_origin(self, plan):
        """The report begins with who answers in which order, and where that is said."""
        lines = list(contract.as_text(contract.trace_contract("tips", plan)))

        assert lines[1] == "answered by: vouchers, far_tips (deployment.toml)"
        assert [line.split("  ")[-1].strip() for line in lines[3:6]] == [
            "chosen in deployment.toml, remote, late: skip",
            "not chosen",
            "chosen in deployment.toml",
        ]
        assert lines[7].endswith("answered by vouchers 1.0, far_tips 1.0 (remote, late: skip)")

    def test_gives_the_stack(self, plan):
        """Of a contract with one answer it is the stack."""
        lines = list(contract.as_text(contract.trace_contract("greeting", plan)))

        assert lines[1] == "stack: twice over loud over hello (deployment.toml)"
        assert "1.1  decorates" in lines[4]

    def test_says_that_it_is_by_name(self):
        """An order that is not given has no place."""
        found = planned(tipping("b"), tipping("a"), feature("c", needs=[Need(Tips, ">=1")]))

        assert contract.trace_contract("tips", found)["order"] == "a, b (by name)"


class TestConfig:
    def test_shows_who_answers(self, plan):
        """The lists and the terms are settings; a remote provider has its defaults."""
        shown = {one.key: one.value for one in settings_of(plan)}

        assert shown["capabilities.tips"] == ["vouchers", "far_tips"]
        assert shown["decorators.greeting"] == ["twice", "loud"]
        assert shown["remote.tips.far_tips.late"] == "skip"
        assert shown["remote.tips.far_tips.seconds"] == 2.0
        assert "remote.tips.far_tips.late" in {one.key for one in settings_of(planned(FAR_TIPS))}


class TestCheck:
    def test_describes_contracts(self, plan):
        """Each contract has all its providers, their order and its origin."""
        found = describe_contracts(plan)

        validate(found, schema_of("check")["properties"]["contracts"])
        tips, greeting = found["tips"], found["greeting"]
        assert (tips["answers"], tips["ordered"], tips["stack"]) == ("many", True, [])
        assert (tips["order_from"], greeting["order_from"]) == ("deployment.toml",) * 2
        assert [
            (it["name"], it["remote"], it["late"], it["chosen"]) for it in tips["providers"]
        ] == [
            ("vouchers", False, None, True),
            ("far_tips", True, "skip", True),
            ("loyalty", False, None, False),
        ]
        assert (greeting["answers"], greeting["stack"]) == ("one", ["twice", "loud", "hello"])
        assert greeting["providers"] == [
            {
                "name": "hello",
                "feature": "hello",
                "distribution": None,
                "version": "1.0",
                "remote": False,
                "late": None,
                "chosen": True,
            }
        ]
