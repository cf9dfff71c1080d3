"""The drawing of a graph in layers."""

import time
from itertools import pairwise

import pytest

from mercato_composition.report.layered import NODE_HEIGHT, ROW, draw

SECONDS = 2.0
"""Ten times what 200 nodes take, for a busy machine."""


def widths(count):
    """Return the widths of numbered nodes."""
    return {str(number): 90.0 + number % 7 * 10 for number in range(count)}


class TestDraw:
    def test_puts_each_node_below_those_that_point_to_it(self):
        """Layers are longest paths, so every edge leads down."""
        edges = [("0", "1"), ("1", "2"), ("0", "2"), ("3", "2")]

        drawing = draw(widths(4), edges)

        assert drawing.rings == set()
        for source, target in edges:
            assert drawing.centres[source][1] < drawing.centres[target][1]

    @pytest.mark.parametrize("length", [1, 2, 3, 12])
    def test_turns_one_edge_of_a_ring(self, length):
        """A ring is opened at one edge, and all of its edges have a path."""
        nodes = [str(number) for number in range(length)]
        edges = [*pairwise(nodes), (nodes[-1], nodes[0])]

        drawing = draw(widths(length), edges)

        assert drawing.rings == {(nodes[-1], nodes[0])}
        assert drawing.paths.keys() == set(edges)

    def test_breaks_wide_layers_and_leaves_no_overlap(self):
        """A row has at most eight nodes, and they do not touch."""
        sizes = widths(30)

        drawing = draw(sizes, [])

        rows = {}
        for node, (x, y) in drawing.centres.items():
            rows.setdefault(y, []).append((x - sizes[node] / 2, x + sizes[node] / 2))
        assert max(map(len, rows.values())) == ROW
        for row in rows.values():
            assert all(left[1] < right[0] for left, right in pairwise(sorted(row)))
        assert all(NODE_HEIGHT / 2 <= y <= drawing.height for y in rows)

    def test_nothing(self):
        """A graph without nodes has a drawing."""
        drawing = draw({}, [])

        assert (drawing.centres, drawing.paths) == ({}, {})

    def test_two_hundred_nodes_take_part_of_a_second(self):
        """A large graph is drawn within the time of a request, the same each time."""
        sizes = widths(200)
        edges = [
            (str(number), str(number // divisor)) for number in range(1, 200) for divisor in (2, 3)
        ]
        start = time.perf_counter()

        drawing = draw(sizes, edges)

        assert time.perf_counter() - start < SECONDS
        assert drawing == draw(sizes, edges)
        assert drawing.centres.keys() == sizes.keys()
