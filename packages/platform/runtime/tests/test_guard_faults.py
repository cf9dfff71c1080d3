"""The fault of a refused statement."""

import pytest

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Feature
from mercato_runtime.guard.faults import guard_fault


class TestExplain:
    @pytest.mark.parametrize(
        ("publishes", "way"),
        [
            (["hat.lost"], "handle its events: hat.lost"),
            ([], "ask the authors of 'hats' for a contract or an event; it has neither"),
        ],
    )
    def test_suggests_only_what_exists(self, publishes, way):
        """The fix names the owner's events, or says that there are none."""
        owner = Feature(name="hats", summary="For a test.", publishes=publishes)
        caller = Feature(name="shoes", summary="For a test.")

        fault = guard_fault(
            caller=Candidate(caller),
            owner=Candidate(owner),
            tables=["hats_hat"],
            statement="SELECT 1 FROM hats_hat",
            place="shoes.py:1",
        )

        assert fault.fix == way
