"""What ``mercato features`` lists."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from mercato_composition.features.installed import installed_features
from mercato_composition.features.quality import recorded_level


def rows_of(named: Collection[str]) -> Iterator[dict[str, Any]]:
    """Give each feature that is installed or named, by its name.

    Args:
        named: The features that the deployment file names.
    """
    installed = installed_features()
    for name in sorted({*installed, *named}):
        # Two distributions may offer features of one name: a fault, which `mercato check` reports.
        for one in installed.get(name, [None]):
            yield {
                "name": name,
                "distribution": one.distribution.name if one else None,
                "version": one.distribution.version if one else None,
                "level": recorded_level(one.package) if one else None,
                "state": _state(is_installed=one is not None, is_named=name in named),
            }


def as_text(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Give a line for each row."""
    cells = [
        (
            row["name"],
            f"{row['distribution'] or ''} {row['version'] or ''}",
            row["level"] or "no level",
            row["state"],
        )
        for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        yield "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()


def _state(*, is_installed: bool, is_named: bool) -> str:
    if not is_installed:
        return "not installed"
    return "enabled" if is_named else "not enabled"
