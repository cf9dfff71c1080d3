"""Draw which feature needs and offers which contract."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import needs_between
from mercato_composition.report.layered import NODE_HEIGHT, Point, draw

_CHARACTER, _PADDING = 7.4, 28.0
"""The width of a character and around a label, in pixels."""

LARGE = 40
"""A graph with more nodes is shown in parts."""


@dataclass(frozen=True)
class Arrow:
    """An arrow of the graph.

    Args:
        source: A feature or contract.
        target: What it needs, or what answers it.
        kind: ``need``, ``optional`` (a condition of glue) or ``offer``.
    """

    source: str
    target: str
    kind: str


@dataclass(frozen=True)
class Graph:
    """Features and contracts by their labels, and the arrows between them.

    Args:
        kinds: ``feature`` or ``contract``, by label.
        arrows: What needs and answers what.
    """

    kinds: Mapping[str, str]
    arrows: tuple[Arrow, ...]

    @property
    def is_large(self) -> bool:
        """Whether it is too large to be shown whole."""
        return len(self.kinds) > LARGE

    def around(self, feature: str) -> "Graph":
        """Return a feature, its contracts, and their other features; only providers if many."""
        contracts = set(_beside(self.arrows, {feature}))
        shown = {feature, *contracts, *_beside(self.arrows, contracts)}
        if len(shown) > LARGE:
            offers = [it for it in self.arrows if it.kind == "offer"]
            shown = {feature, *contracts, *_beside(offers, contracts)}
        kinds = {name: kind for name, kind in self.kinds.items() if name in shown}
        arrows = [
            arrow
            for arrow in self.arrows
            if {arrow.source, arrow.target} <= shown and {arrow.source, arrow.target} & contracts
        ]
        return Graph(kinds, tuple(arrows))

    def drawn(self) -> "Picture":
        """Return where its parts are."""
        widths = {name: len(name) * _CHARACTER + _PADDING for name in self.kinds}
        drawing = draw(widths, [(arrow.source, arrow.target) for arrow in self.arrows])
        nodes = [
            Box(name, self.kinds[name], drawing.centres[name], widths[name], NODE_HEIGHT)
            for name in self.kinds
        ]
        lines = []
        for arrow in self.arrows:
            edge = (arrow.source, arrow.target)
            lines.append(Line(drawing.paths[edge], arrow.kind, edge in drawing.rings))
        return Picture(drawing.width, drawing.height, nodes, lines, self.description)

    @property
    def description(self) -> str:
        """What a screen reader says of the graph."""
        kinds = list(self.kinds.values())
        counts = f"{kinds.count('feature')} features and {kinds.count('contract')} contracts"
        return f"Graph of {counts}"


@dataclass(frozen=True)
class Box:
    """A node: its label, kind, centre and size."""

    label: str
    kind: str
    centre: Point
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """An arrow: its path, its kind, and whether it closes a ring."""

    path: str
    kind: str
    closes_ring: bool


@dataclass(frozen=True)
class Picture:
    """A graph, ready to be written as SVG."""

    width: float
    height: float
    boxes: list[Box]
    lines: list[Line]
    description: str


def graph_of(plan: Plan) -> Graph:
    """Return the graph of the composed features."""
    arrows = tuple(dict.fromkeys(_arrows(plan)))
    kinds = {feature.name: "feature" for feature in plan.features}
    labels = [label for arrow in arrows for label in (arrow.source, arrow.target)]
    return Graph({**kinds, **{it: "contract" for it in labels if it not in kinds}}, arrows)


def _arrows(plan: Plan) -> Iterator[Arrow]:
    names = {feature.name for feature in plan.features}

    def label(contract: str) -> str:
        # A contract may have the name of a feature.
        return f"{contract} (contract)" if contract in names else contract

    for answered in needs_between(plan.features, plan.answers):
        kind = "optional" if answered.glue or not answered.need.at_least else "need"
        yield Arrow(answered.feature.name, label(answered.need.id), kind)
    for feature in plan.features:
        for offer in feature.manifest.offers:
            yield Arrow(label(offer.id), feature.name, "offer")
        for one in feature.manifest.decorates:
            yield Arrow(label(one.id), feature.name, "offer")


def _beside(arrows: Iterable[Arrow], names: set[str]) -> Iterator[str]:
    for arrow in arrows:
        if arrow.source in names:
            yield arrow.target
        if arrow.target in names:
            yield arrow.source
