"""How two schemas differ in the values that they allow, one by one."""

import json
from collections.abc import Iterable
from collections.abc import Iterator
from typing import Any

from workspace.bumps.changes import Change
from workspace.bumps.changes import Direction
from workspace.bumps.changes import Place
from workspace.bumps.levels import Level
from workspace.bumps.shapes import KINDS
from workspace.bumps.shapes import Schema
from workspace.bumps.shapes import Shape

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
RULES = ("multipleOf", "pattern", "uniqueItems")
PROSE = ("$comment", "description", "example", "examples", "externalDocs", "title")
ROLES = ("readOnly", "writeOnly")
STRUCTURE = ("additionalProperties", "items", "properties", "required", "type")
OTHERS = ("const", "default", "deprecated", "enum", "format")
KNOWN = frozenset([*LOWER, *UPPER, *RULES, *PROSE, *ROLES, *STRUCTURE, *OTHERS])


def compare_null(old: Shape, new: Shape, way: Direction, place: Place) -> Iterator[Change]:
    """Compare whether null is allowed."""
    if new.nullable and not old.nullable:
        yield Change(way.more_kinds, place, "can be null now")
    if old.nullable and not new.nullable:
        yield Change(way.fewer_kinds, place, "cannot be null any more")


def compare_values(old: Shape, new: Shape, way: Direction, place: Place) -> Iterator[Change]:
    """Compare all that is said of values beside their types and what is inside of them."""
    before, after = old.keywords, new.keywords
    yield from compare_words(old.words, new.words, way, place)
    for compare in (compare_format, compare_rules, compare_bounds, compare_defaults):
        yield from compare(before, after, way, place)
    yield from compare_prose(before, after, place)
    yield from compare_unknown(before, after, place)


def compare_kinds(old: Shape, new: Shape, way: Direction, place: Place) -> Iterator[Change]:
    """Compare the types."""
    levels = []
    if new.kinds - old.kinds:
        levels.append(way.more_kinds)
    if old.kinds - new.kinds:
        levels.append(way.fewer_kinds)
    if levels:
        yield Change(max(levels), place, f"was {named(old.kinds)}, is {named(new.kinds)}")


def named(kinds: frozenset[str]) -> str:
    """Name types as people do: anything, number, or string."""
    if kinds == KINDS:
        return "anything"
    narrower = {"integer"} if "number" in kinds else set()
    return " or ".join(sorted(kinds - narrower)) or "nothing"


def compare_words(
    old: list[Any] | None, new: list[Any] | None, way: Direction, place: Place
) -> Iterator[Change]:
    """Compare the values that are listed."""
    if old is None and new is not None:
        yield Change(way.fewer_values, place, f"can only be {shown(new)} now")
    elif old is not None and new is None:
        yield Change(way.more_values, place, f"can be anything now{way.warning}")
    elif old is not None and new is not None:
        if more := [one for one in new if one not in old]:
            yield Change(way.more_values, place, f"can be {shown(more)} now{way.warning}")
        if fewer := [one for one in old if one not in new]:
            yield Change(way.fewer_values, place, f"cannot be {shown(fewer)} any more")


def compare_format(old: Schema, new: Schema, way: Direction, place: Place) -> Iterator[Change]:
    """Compare formats, which are types of their own to most clients: uuid, date-time."""
    was, becomes = old.get("format"), new.get("format")
    if was == becomes:
        return
    level = Level.MAJOR
    if was is None:
        level = way.fewer_kinds
    elif becomes is None:
        level = way.more_kinds
    yield Change(level, place, turned("format", was, becomes))


def compare_rules(old: Schema, new: Schema, way: Direction, place: Place) -> Iterator[Change]:
    """Compare rules of which nobody can tell whether another one is stricter."""
    for name in RULES:
        was, becomes = old.get(name) or None, new.get(name) or None
        if was != becomes:
            level = way.more_values if becomes is None else way.fewer_values
            yield Change(level, place, turned(name, was, becomes))


def compare_bounds(old: Schema, new: Schema, way: Direction, place: Place) -> Iterator[Change]:
    """Compare the least and the most of values, lengths and numbers of items."""
    for name in (*LOWER, *UPPER):
        was, becomes = bound(old, name), bound(new, name)
        if was != becomes:
            tighter = is_tighter(was, becomes, upwards=name in LOWER)
            level = way.fewer_values if tighter else way.more_values
            yield Change(level, place, turned(name, was, becomes))


def bound(schema: Schema, name: str) -> float | None:
    """Return a bound; a least length of 0 is none."""
    value: float | None = schema.get(name)
    is_none = value == 0 and name in ("minLength", "minItems", "minProperties")
    return None if is_none else value


def is_tighter(was: float | None, becomes: float | None, *, upwards: bool) -> bool:
    """Tell whether a bound, which is tightened *upwards* or downwards, leaves less."""
    if was is None or becomes is None:
        return was is None
    return becomes > was if upwards else becomes < was


def compare_defaults(old: Schema, new: Schema, way: Direction, place: Place) -> Iterator[Change]:
    """Compare what counts where nothing is given; a default that was not stated was one, too."""
    stated = "default" in old and "default" in new
    was, becomes = old.get("default"), new.get("default")
    if was != becomes:
        level = way.other_default if stated else min(way.other_default, Level.MINOR)
        yield Change(level, place, turned("default", was, becomes))


def compare_prose(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    """Compare what is only said to people."""
    if new.get("deprecated") and not old.get("deprecated"):
        yield Change(Level.MINOR, place, "is deprecated now")
    elif any(old.get(name) != new.get(name) for name in (*PROSE, *ROLES, "deprecated")):
        yield Change(Level.PATCH, place, "is described in other words")


def compare_unknown(old: Schema, new: Schema, place: Place) -> Iterator[Change]:
    """Take every difference that nobody understands here for the worst."""
    for name in sorted({*old, *new} - KNOWN):
        if old.get(name) != new.get(name) and not name.startswith("x-"):
            yield Change(Level.MAJOR, place, f"has another {name}")


def turned(name: str, was: Any, becomes: Any) -> str:
    """Say what became of one keyword."""
    if was is None:
        return f"has the {name} {json.dumps(becomes)} now"
    if becomes is None:
        return f"has no {name} any more; it was {json.dumps(was)}"
    return f"has the {name} {json.dumps(becomes)} now; it was {json.dumps(was)}"


def shown(words: Iterable[Any]) -> str:
    """List the first of some values."""
    texts = [str(word) if isinstance(word, str) else json.dumps(word) for word in words]
    more = [f"{len(texts) - 5} more"] if len(texts) > 6 else []
    return ", ".join([*texts[: 5 if more else 6], *more])
