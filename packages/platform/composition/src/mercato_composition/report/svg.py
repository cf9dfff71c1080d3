"""Write a drawn graph as SVG: for a page, whose style sheet has its colours, or for a file."""

from collections.abc import Iterator
from html import escape

from mercato_composition.report.diagram import Box, Line, Picture

_LINE, _RING, _FEATURE, _TEXT, _GROUND = "#66756f", "#b3261e", "#0d6e5c", "#1b2521", "#fff"

_CORNER = 8
"""The radius of a feature's corners, in pixels. A contract's ends are round."""

_BASELINE = 4.5
"""How far the baseline of a label is below the centre of its box, in pixels."""


def as_svg(picture: Picture, *, is_file: bool = False) -> str:
    """Return a picture as an element of a page, or as a file of its own, on a white ground."""
    lines = [
        *_head(picture, is_file=is_file),
        *map(_line, picture.lines),
        *(line for box in picture.boxes for line in _box(box)),
        "</svg>",
    ]
    return "\n".join(lines)


def _head(picture: Picture, *, is_file: bool) -> Iterator[str]:
    width, height = round(picture.width), round(picture.height)
    namespace = ' xmlns="http://www.w3.org/2000/svg"' if is_file else ""
    yield (
        f'<svg{namespace} class="graph" role="img" aria-label="{escape(picture.description)}" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}">'
    )
    yield "<defs>"
    yield _tip("tip", "tip", _LINE)
    yield _tip("ring-tip", "tip ring", _RING)
    yield "</defs>"
    if is_file:
        yield f'<rect width="100%" height="100%" fill="{_GROUND}"/>'


def _tip(id_: str, kind: str, colour: str) -> str:
    return (
        f'<marker id="{id_}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path class="{kind}" d="M0 0l8 4-8 4z" fill="{colour}"/>'
        "</marker>"
    )


def _line(line: Line) -> str:
    kind = f"{line.kind} ring" if line.closes_ring else line.kind
    colour = _RING if line.closes_ring else _LINE
    dashes = ' stroke-dasharray="5 4"' if line.kind == "optional" else ""
    # The path of an arrow that closes a ring begins at its target.
    tip = 'marker-start="url(#ring-tip)"' if line.closes_ring else 'marker-end="url(#tip)"'
    return (
        f'<path class="{kind}" d="{line.path}" fill="none" stroke="{colour}" stroke-width="1.5"'
        f"{dashes} {tip}/>"
    )


def _box(box: Box) -> Iterator[str]:
    x, y = box.centre
    is_feature = box.kind == "feature"
    radius = _CORNER if is_feature else box.height / 2
    fill, stroke = (_FEATURE, _FEATURE) if is_feature else (_GROUND, _LINE)
    yield (
        f'<rect class="{box.kind}" x="{x - box.width / 2:.1f}" y="{y - box.height / 2:.1f}" '
        f'width="{box.width:.1f}" height="{box.height}" rx="{radius}" fill="{fill}" '
        f'stroke="{stroke}"/>'
    )
    yield (
        f'<text class="{box.kind}" x="{x:.1f}" y="{y + _BASELINE}" text-anchor="middle" '
        f'font-family="system-ui, sans-serif" font-size="13" '
        f'fill="{_GROUND if is_feature else _TEXT}">{escape(box.label)}</text>'
    )
