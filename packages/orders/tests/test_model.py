"""All interleavings of a payment with its cancellation, crashes and late packets."""

import pytest

from .model import Rules, Search


@pytest.fixture(scope="module")
def search():
    """The search of all states with all rules."""
    search = Search(Rules())
    search.mistake = search.run()
    return search


class TestPayment:
    def test_keeps_no_money(self, search):
        """However its processes are interleaved, a charge belongs to a paid order or goes back."""
        assert search.mistake is None
        assert len(search.came_from) > 1_000

    def test_always_comes_to_rest(self, search):
        """From each state one can be reached in which nothing is left half done."""
        assert search.stuck() == set()

    def test_reaches_what_may_happen(self, search):
        """The search sees orders that are paid, canceled, and refunded because they were late."""
        ends = {(state.order, state.payment) for state in search.came_from}

        assert {
            ("open/paid", "captured"),
            ("canceled", "canceled"),
            ("canceled", "refunded"),
        } <= ends

    @pytest.mark.parametrize(
        ("missing", "mistake"),
        [
            ("fence", "the provider and the order disagree"),
            ("asks", "the provider and the order disagree"),
            ("gives_back", "the provider and the order disagree"),
            ("guard", "a canceled order is paid"),
            ("idempotent", "money moved twice"),
        ],
    )
    def test_needs_each_rule(self, missing, mistake):
        """Without one of the rules, the search finds a way on which money is kept or lost."""
        found = Search(Rules(**{missing: False})).run()

        assert found is not None
        assert mistake in found
