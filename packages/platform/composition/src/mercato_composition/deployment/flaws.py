"""What the flaws of a deployment file's text mean: faults, and values that are unknown."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mercato_composition.deployment.partial import Hole
from mercato_composition.deployment.repairs import repair
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.deployment.text import Flaw, read
from mercato_composition.faults import Command, Edit, Fault, Outside, Place


def fault_of(file: Path, lines: Sequence[str], flaw: Flaw) -> Fault:
    """Return the fault of a statement that cannot be read (K100), or that is there twice (K102)."""
    place = _place(file, lines, flaw)
    removed = Edit(str(file), "remove", (), flaw.span.line)
    if flaw.kind == "encoding":
        return Fault("K100", place, f"{flaw.what}.", (_recode(file, flaw.what),))
    if flaw.kind == "twice":
        fix = removed if _is_empty(lines, flaw) else _moved(flaw)
        return Fault("K102", place, f"{flaw.what}.", (fix,))
    if flaw.kind == "value":
        what = f"the file is not valid TOML: {flaw.what}."
        # The line is not shown: a secret may be in it.
        repaired = repair(file, lines, flaw.span.line)
        return Fault("K100", place, what, (repaired or removed,))
    what = f"{flaw.what}. The keys below it were not read."
    header = Edit(str(file), "instead", (f"[{'.'.join(flaw.path)}]",), flaw.span.line)
    fix = header if flaw.known and _is_plain(flaw.path) else removed
    return Fault("K100", place, what, (fix,))


def _is_empty(lines: Sequence[str], flaw: Flaw) -> bool:
    """Tell whether the second of two may go: the keys below a header would be another table's."""
    rest = [*lines[: flaw.span.line - 1], *lines[flaw.span.line :]]
    with_it, without = (read("\n".join(some).encode()) for some in (lines, rest))
    return with_it.values == without.values


def _moved(flaw: Flaw) -> Outside:
    header = f"[{'.'.join(flaw.path)}]"
    return Outside(f"move the keys below line {flaw.span.line} to line {flaw.first}, {header}")


def holes_of(flaws: Iterable[Flaw]) -> Iterator[tuple[ValuePath, Hole]]:
    """Give the tables and values that are unknown."""
    for flaw in flaws:
        if flaw.kind == "header" or (flaw.kind == "value" and flaw.known):
            what = ".".join(flaw.path) if flaw.known else "the set of features"
            yield flaw.path, Hole(what, (_key(flaw),))


def unsaid_of(flaws: Iterable[Flaw]) -> Iterator[tuple[ValuePath, Hole]]:
    """Give the tables with a line whose key is unknown."""
    for flaw in flaws:
        if flaw.kind == "value" and not flaw.known:
            yield flaw.path, Hole(".".join(flaw.path) or "the top of the file", (_key(flaw),))


def _key(flaw: Flaw) -> str:
    return f"K100@{Place(path=flaw.path).key or 'text'}"


def _place(file: Path, lines: Sequence[str], flaw: Flaw) -> Place:
    span, path, name = flaw.span, flaw.path, None if flaw.path else "text"
    if flaw.kind == "encoding":
        return Place(file.name, name=name)
    excerpt: str | None = lines[span.line - 1] if span.line <= len(lines) else None
    if flaw.kind == "value" and excerpt is not None:
        # A secret may stand behind the equals sign.
        key, equals, _ = excerpt.partition("=")
        shown = key + equals
        excerpt = shown if shown.strip() and span.column <= len(shown) + 1 else None
    elif flaw.kind == "twice":
        excerpt = None
    return Place(
        file.name, span.line, span.column, span.end_column, path, name=name, excerpt=excerpt
    )


def _recode(file: Path, what: str) -> Command:
    encoding = what.rpartition(" ")[2].upper()
    new = f"{file}.utf-8"
    iconv = ("iconv", "-f", encoding, "-t", "UTF-8", "-o", new, str(file))
    return Command((iconv, ("mv", new, str(file))))


def _is_plain(path: ValuePath) -> bool:
    return all(part.replace("-", "_").isidentifier() for part in path)
