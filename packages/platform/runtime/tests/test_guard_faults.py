"""What is told of a statement that was refused."""

import pytest

from mercato_composition.features.candidate import Candidate
from mercato_kit.feature import Feature
from mercato_runtime.guard.messages import explain


class TestExplain:
    @pytest.mark.parametrize(
        ("publishes", "way"),
        [
            (["hat.lost"], "handle its events: hat.lost"),
            ([], "agree on a contract or an event with 'hats', which has neither yet"),
        ],
    )
    def test_sends_nobody_to_a_contract_that_is_not_there(self, publishes, way):
        """The fix is one that can be followed."""
        owner = Feature(name="hats", summary="For a test.", publishes=publishes)
        asker = Feature(name="shoes", summary="For a test.")

        fault = explain(
            asker=Candidate(asker),
            owner=Candidate(owner),
            tables=["hats_hat"],
            statement="SELECT 1 FROM hats_hat",
            place="shoes.py:1",
        )

        assert fault.fix == way
