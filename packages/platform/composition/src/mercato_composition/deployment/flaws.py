"""What the flaws of a deployment file's text mean: faults, and values that are unknown."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from mercato_composition.deployment.partial import Hole
from mercato_composition.deployment.repairs import repair
from mercato_composition.deployment.statements import ValuePath
from mercato_composition.deployment.text import Flaw, Text, read
from mercato_composition.faults import Command, Edit, Fault, Fix, Outside, Place


def fault_of(file: Path, text: Text, flaw: Flaw) -> Fault:
    """Return the fault of a statement that cannot be read (K100), or that is there twice (K102)."""
    place = _place(file, text.lines, flaw)
    if flaw.kind == "encoding":
        return Fault("K100", place, f"{flaw.what}.", (_recode(file, flaw.what),))
    if flaw.kind == "twice":
        return Fault("K102", place, f"{flaw.what}.", (_removed(file, text, flaw),))
    if flaw.kind == "value":
        what = f"the file is not valid TOML: {flaw.what}."
        # The line is not shown: a secret may be in it.
        repaired = repair(file, text.lines, flaw.span.line)
        return Fault("K100", place, what, (repaired or _removed(file, text, flaw),))
    what = f"{flaw.what}. The keys below it were not read."
    known = flaw.known and _is_plain(flaw.path)
    header = (f"[{'.'.join(flaw.path)}]",) if known else ()
    fix = Edit(str(file), "instead" if known else "remove", header, flaw.span.line)
    return Fault("K100", place, what, (fix,))


def _removed(file: Path, text: Text, flaw: Flaw) -> Fix:
    """Return the edit that removes a statement, if the file says the same as before without it."""
    line = flaw.span.line
    starts = [span.line for span in (*text.keys.values(), *(it.span for it in text.flaws))]
    last = min((start for start in starts if start > line), default=len(text.lines) + 1) - 1
    while last > line and text.lines[last - 1].lstrip()[:1] in ("", "#"):
        last -= 1
    for end in (None, last):
        edit = Edit(str(file), "remove", (), line, end)
        after = read(edit.apply("\n".join(text.lines)).encode())
        if after.values == text.values and len(after.flaws) < len(text.flaws):
            return edit
    if flaw.kind == "twice":
        header = f"[{'.'.join(flaw.path)}]"
        return Outside(f"move the keys below line {line} to line {flaw.first}, {header}")
    # The place of the error may be behind the value.
    what = f"the value of {'.'.join(flaw.path)}" if flaw.known else f"line {line}"
    return Outside(f"correct {what}")


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
