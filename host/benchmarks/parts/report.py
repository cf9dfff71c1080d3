"""The report: tables for a terminal, and one page of HTML with charts that needs no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from parts.tables import say, show

COLORS = {"ours": "#1769aa", "naive": "#b26a00", "limit": "#4b7f52"}
_BAR, _WIDTH, _LABELS = 16, 720, 190

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Mercato: measurements</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; }}
table {{ border-collapse: collapse; }}
td, th {{ padding: .15rem .8rem; text-align: right; }}
td:first-child, th:first-child {{ text-align: left; }}
tr:nth-child(even) {{ background: #f4f4f4; }}
</style>
<h1>Mercato: measurements</h1>
{sections}
</html>
"""


@dataclass(frozen=True)
class Table:
    """A table of figures.

    Args:
        title: What was measured.
        head: The names of the columns.
        rows: A cell for each column.
        bars: For a chart: a figure for each server, by request.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    bars: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def print_tables(tables: Sequence[Table]) -> None:
    """Print tables."""
    for table in tables:
        show(table.title, table.head, table.rows)


def write_page(tables: Sequence[Table], file: Path) -> None:
    """Write the page with the tables and their charts."""
    file.write_text(_PAGE.format(sections="\n".join(map(_section, tables))))
    say(f"\n  written: {file}")


def write_charts(tables: Sequence[Table], folder: Path) -> None:
    """Write the chart of each table that has one, named by the first word of its title."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in tables:
        if table.bars:
            file = folder / f"{table.title.split()[0].strip(':')}.svg"
            file.write_text(chart(table.bars) + "\n")
            say(f"\n  written: {file}")


def _section(table: Table) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in table.head)
    rows = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows
    )
    chart_of_it = chart(table.bars) if table.bars else ""
    return f"<h2>{escape(table.title)}</h2>\n{chart_of_it}\n<table><tr>{head}</tr>\n{rows}</table>"


def chart(bars: Mapping[str, Mapping[str, float]]) -> str:
    """Return an SVG of horizontal bars; each request has its own scale, as they differ widely."""
    parts, top = [], 0
    for name, figures in bars.items():
        most = max(figures.values())
        parts.append(f'<text x="0" y="{top + 13}">{escape(name)}</text>')
        for server, figure in figures.items():
            width = max(1, round((_WIDTH - 2 * _LABELS) * figure / most))
            color = COLORS.get(server, "#777777")
            parts.append(
                f'<rect x="{_LABELS}" y="{top + 2}" width="{width}" height="{_BAR - 3}" '
                f'fill="{color}"/>'
                f'<text x="{_LABELS + width + 6}" y="{top + 13}">{figure:,.2f} {server}</text>'
            )
            top += _BAR
        top += _BAR // 2
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" '
        f'viewBox="0 0 {_WIDTH} {top}" font-family="sans-serif" font-size="12" role="img">\n'
        # Pages that show it may be dark.
        '<rect width="100%" height="100%" fill="#ffffff"/>\n' + "\n".join(parts) + "\n</svg>"
    )
