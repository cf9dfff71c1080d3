"""What the benchmarks refuse."""

import sys
from pathlib import Path

import pytest

from mercato_composition.deployment.reader import read_deployment

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from parts.comparison import differences
from parts.ranks import deviations
from parts.ratios import Behind, check, ratios_of
from parts.servers import runs_of
from parts.shop import Shop, write_deployment


class TestCheck:
    def test_refuses_a_ratio_that_fell_by_more_than_a_tenth(self):
        """The gate names the request, its twin, and both ratios."""
        found = ratios_of({"ours": {"detail": 1.2, "list": 1}, "naive": {"detail": 9, "list": 20}})

        with pytest.raises(Behind, match=r"detail, naive / ours: 7\.50, committed 9\.00"):
            check({"naive": {"detail": 9, "list": 20}}, found)

    def test_lets_a_ratio_pass_that_fell_by_less(self):
        """Noise does not shut the gate."""
        found = ratios_of({"ours": {"detail": 1}, "naive": {"detail": 8.2}})

        check({"naive": {"detail": 9}}, found)

        assert found == {"naive": {"detail": 8.2}}

    def test_refuses_a_request_that_was_not_measured(self):
        """A request that is missing counts as fallen behind."""
        with pytest.raises(Behind, match="order, limit"):
            check({"limit": {"order": 0.5}}, {"limit": {}})

    def test_refuses_where_nothing_is_committed(self):
        """Without ratios to compare with, the gate is shut."""
        with pytest.raises(Behind, match="accept"):
            check({}, {"naive": {"detail": 9}})


class TestDeviations:
    def test_find_no_difference_where_there_is_none(self):
        """Two samples of one order have ranks as expected, also with equal figures."""
        assert deviations(range(0, 400, 2), range(1, 400, 2)) == pytest.approx(-0.086, abs=0.001)
        assert deviations([1, 2] * 100, [1, 2] * 100) == 0

    def test_find_a_shift(self):
        """A shift that is small beside the spread is found in 200 figures of each."""
        some, others = [number % 100 for number in range(200)], list(range(200))
        shifted = [figure % 100 + 20 for figure in others]

        assert deviations(shifted, some) > 3.29
        assert deviations(some, shifted) < -3.29


class TestRuns:
    def test_keep_answers_for_the_hot_request_of_ours_only(self, tmp_path):
        """No request but ``hot`` is answered from kept answers, and no twin keeps any."""
        file = write_deployment("sqlite:///shop.db", tmp_path)
        shop = Shop("sqlite:///shop.db", 10, str(file), "token", "key", "cursor", 0)

        ours = [*runs_of("ours", shop, ["detail", "hot", "list"])]
        naive = [*runs_of("naive", shop, ["detail", "hot"])]

        kept = [read_deployment(one.deployment).kept_answers for one, _ in ours]
        assert [names for _, names in ours] == [["detail", "list"], ["hot"]]
        assert kept == [0, 1000]
        assert naive == [(shop, ["detail", "hot"])]


class TestDifferences:
    def test_names_each_field_that_differs(self):
        """Values, absent fields and lengths of lists are compared, at any depth."""
        ours = {"id": 1, "lines": [{"sku": "A", "quantity": 1}], "prices": [1]}
        twin = {"id": 2, "lines": [{"sku": "B"}], "prices": [1, 2]}

        found = [line.partition(":")[0] for line in differences(ours, twin, frozenset({"id"}))]

        assert found == ["/lines/0/quantity", "/lines/0/sku", "/prices"]

    def test_compares_whether_there_is_a_cursor(self):
        """Cursors of two servers differ, but both have one or neither."""
        assert not [*differences({"next_cursor": "a"}, {"next_cursor": "b"})]
        assert [*differences({"next_cursor": "a"}, {"next_cursor": None})]
