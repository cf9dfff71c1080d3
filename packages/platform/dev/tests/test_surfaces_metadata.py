"""The version bump that a change of the metadata needs."""

import pytest

from describe import describe_metadata

from .differences import check, differences

EXTRA = {"optional-dependencies": {"redis": ["redis>=6"]}}
PLUGIN = {"entry-points": {"pytest11": {"apples": "mercato_apples.plugin"}}}
FEATURE = {"entry-points": {"mercato.features": {"apples": "mercato_apples.feature:feature"}}}
COMMAND = {"scripts": {"apples": "mercato_apples:main"}}


class TestCompare:
    @pytest.mark.parametrize(
        ("before", "after", "said"),
        [
            (COMMAND, {}, 'major commands > "apples" is gone'),
            ({}, COMMAND, 'minor commands > "apples" is new'),
            ({}, {"gui-scripts": COMMAND["scripts"]}, 'minor commands > "apples" is new'),
            (PLUGIN, {}, "major plugins > pytest11 is gone"),
            ({}, PLUGIN, "minor plugins > pytest11 is new"),
            (FEATURE, {}, "major plugins > mercato.features is gone"),
            (EXTRA, {}, 'major extras > "redis" is gone'),
            ({}, EXTRA, 'minor extras > "redis" is new'),
            (
                {"requires-python": ">=3.11"},
                {"requires-python": ">=3.12"},
                "minor requires_python was >=3.11, is >=3.12",
            ),
            # Resolvers check requirements.
            ({"dependencies": ["flask>=3.1"]}, {"dependencies": ["flask>=3.2"]}, ""),
            ({"version": "1.0.0"}, {"version": "1.1.0"}, ""),
        ],
    )
    def test_says_what_a_change_needs(self, before, after, said):
        """A removed name is major, a new one is minor."""
        found = differences("metadata", describe_metadata(before), describe_metadata(after))

        check(found, said)
