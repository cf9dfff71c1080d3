"""The quality scale: its page has the rules, and every feature of this repository is platinum."""

import re
from importlib.metadata import entry_points

from mercato_composition.features.quality import LEVELS
from mercato_composition.report.installed import rows_of
from mercato_testing.conformance import FeatureConformance

from .documents import ROOT

PAGE = (ROOT / "docs/quality.md").read_text()


def documented_rules(page):
    """Return the rules of each level that the table of the page has."""
    rows = re.findall(r"^\| (\w+) \| [^|]+ \| (`[^|]+) \|$", page, re.MULTILINE)
    return {level: set(re.findall(r"`(\w+)`", rules)) for level, rules in rows}


def rules_of(suite):
    """Return the tests of a class by the level that they are marked with; None without one."""
    found = {}
    for name in filter(re.compile("test_").match, dir(suite)):
        marks = getattr(getattr(suite, name), "pytestmark", ())
        [level] = [mark.args[0] for mark in marks if mark.name == "quality"] or [None]
        found.setdefault(level, set()).add(name.removeprefix("test_"))
    return found


class TestScale:
    def test_its_page_has_each_rule(self):
        """Every test of the suite is a rule, under its level on the page."""
        assert list(documented_rules(PAGE)) == list(LEVELS)
        assert documented_rules(PAGE) == rules_of(FeatureConformance)

    def test_a_rule_without_a_level_is_found(self):
        """A test that no level has differs from the page."""
        added = type("Added", (FeatureConformance,), {"test_is_new": lambda self: None})

        assert documented_rules(PAGE) != rules_of(added)


class TestOurs:
    def test_are_platinum(self):
        """Each package records it; its tests fail where they show less, and aim no lower."""
        levels = {row["name"]: row["level"] for row in rows_of(())}

        assert levels == dict.fromkeys(entry_points(group="mercato.features").names, "platinum")
        aims = re.compile(r"^\s+aims\s*=", re.MULTILINE)
        tests = ROOT.glob("packages/*/tests/**/*.py")
        assert [file for file in tests if aims.search(file.read_text())] == []
