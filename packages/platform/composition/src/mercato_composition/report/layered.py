"""Draw a graph in layers: each node below the nodes that point to it.

Source: Sugiyama, Tagawa and Toda (1981), "Methods for Visual Understanding of Hierarchical System
Structures": rings are opened, layers are longest paths, barycentres decide the order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import accumulate, pairwise

ROW, SWEEPS = 8, 8
"""The most nodes of a row (a larger layer has several), and how often rows are sorted."""

NODE_HEIGHT, ROW_GAP, NODE_GAP, MARGIN = 34, 58, 24, 16

Edge = tuple[str, str]
Point = tuple[float, float]
Node = str | tuple[Edge, int]
"""A node, or the place of an edge in a row that it passes."""


@dataclass(frozen=True)
class Drawing:
    """A graph in pixels: the centres of nodes, and the paths of edges in SVG's notation.

    The path of an edge in ``rings`` begins at its target, since it leads up.
    """

    width: float
    height: float
    centres: Mapping[str, Point]
    paths: Mapping[Edge, str]
    rings: Collection[Edge]


def draw(widths: Mapping[str, float], edges: Sequence[Edge]) -> Drawing:
    """Place the nodes, whose *widths* are given in pixels, and the edges between them."""
    rings = _closing(widths, edges)
    down = {edge: edge[::-1] if edge in rings else edge for edge in edges}
    rows = _rows(widths, set(down.values()))
    row_of = {node: number for number, row in enumerate(rows) for node in row}
    chains: dict[Edge, list[Node]] = {}
    for edge in dict.fromkeys(down.values()):
        passed = range(row_of[edge[0]] + 1, row_of[edge[1]])
        chains[edge] = [edge[0], *((edge, number) for number in passed), edge[1]]
        for number in passed:
            rows[number].append((edge, number))
    _sort(rows, chains.values())
    ends = [list(accumulate(_width(it, widths) + NODE_GAP for it in row)) for row in rows]
    width = max((row[-1] for row in ends), default=0.0)
    points: dict[Node, Point] = {}
    for number, row in enumerate(rows):
        y = MARGIN + NODE_HEIGHT / 2 + number * (NODE_HEIGHT + ROW_GAP)
        shift = MARGIN + (width - ends[number][-1]) / 2 - NODE_GAP / 2
        for node, end in zip(row, ends[number], strict=True):
            points[node] = (shift + end - _width(node, widths) / 2, y)
    paths = {edge: _path([points[it] for it in chains[way]]) for edge, way in down.items()}
    height = len(rows) * (NODE_HEIGHT + ROW_GAP) - (ROW_GAP if rows else 0) + 2 * MARGIN
    return Drawing(width + 2 * MARGIN, height, {it: points[it] for it in widths}, paths, rings)


def _closing(nodes: Collection[str], edges: Sequence[Edge]) -> set[Edge]:
    """Return the edges that close a ring: those back to a node on the way of a walk in depth."""
    found, done, way = set(), set(), list[str]()
    ahead = {node: [target for source, target in edges if source == node] for node in nodes}
    for start in nodes:
        way += [start] if start not in done else []
        while way:
            if not ahead[way[-1]]:
                done.add(way.pop())
            elif (target := ahead[way[-1]].pop(0)) in way:
                found.add((way[-1], target))
            elif target not in done:
                way.append(target)
    return found


def _rows(nodes: Collection[str], edges: Collection[Edge]) -> list[list[Node]]:
    """Return the nodes by the longest path that leads to them, at most :data:`ROW` a row."""
    sources = {node: {edge[0] for edge in edges if edge[1] == node} - {node} for node in nodes}
    depth: dict[str, int] = {}
    for node in TopologicalSorter(sources).static_order():
        depth[node] = max((depth[source] + 1 for source in sources[node]), default=0)
    layers: list[list[Node]] = [[] for _ in range(max(depth.values(), default=-1) + 1)]
    for node in nodes:
        layers[depth[node]].append(node)
    return [layer[at : at + ROW] for layer in layers for at in range(0, len(layer), ROW)]


def _sort(rows: Sequence[list[Node]], chains: Collection[Sequence[Node]]) -> None:
    """Sort each row by the mean place of its neighbours above, then below, and so on."""
    above: dict[Node, list[Node]] = {node: [] for row in rows for node in row}
    below: dict[Node, list[Node]] = {node: [] for row in rows for node in row}
    for upper, lower in (pair for chain in chains for pair in pairwise(chain)):
        above[lower].append(upper)
        below[upper].append(lower)
    place = {node: at / len(row) for row in rows for at, node in enumerate(row)}
    for sweep in range(SWEEPS):
        neighbours = below if sweep % 2 else above
        for row in reversed(rows) if sweep % 2 else rows:
            near = {it: [place[one] for one in neighbours[it] or [it]] for it in row}
            means = {it: sum(places) / len(places) for it, places in near.items()}
            row.sort(key=means.__getitem__)
            place |= {node: at / len(row) for at, node in enumerate(row)}


def _width(node: Node, widths: Mapping[str, float]) -> float:
    return widths[node] if isinstance(node, str) else 0.0


def _path(points: Sequence[Point]) -> str:
    half, bend = NODE_HEIGHT / 2, ROW_GAP / 2
    parts = [f"M{points[0][0]:.0f} {points[0][1] + half:.0f}"]
    for (x, y), (to, lower) in pairwise(points):
        start, end = y + half, lower - half
        parts.append(f"C{x:.0f} {start + bend:.0f} {to:.0f} {end - bend:.0f} {to:.0f} {end:.0f}")
        parts += [f"V{lower + half:.0f}"] if (to, lower) != points[-1] else []
    return " ".join(parts)
