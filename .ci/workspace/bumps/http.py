"""How the HTTP documents of two releases differ, for clients.

The rules are those of :mod:`workspace.bumps.changes`, and for whole operations: what was answered
to somebody must still be. Which refusals are documented may change: clients read their ``code``.
"""

from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass

from workspace.bumps.changes import READ
from workspace.bumps.changes import SENT
from workspace.bumps.changes import Change
from workspace.bumps.levels import Level
from workspace.bumps.levels import Reason
from workspace.bumps.operations import Document
from workspace.bumps.operations import Operation
from workspace.bumps.operations import Operations
from workspace.bumps.operations import is_success
from workspace.bumps.schemas import Comparison

PROSE = ("description", "example", "examples", "externalDocs", "summary", "tags")
STRICTNESS = ("anyone", "signed_in")
"""Who may call, from the loosest; a permission is stricter than any of them."""


@dataclass(frozen=True)
class Difference:
    """One change of one operation.

    Args:
        level: What it needs.
        part: Of which part of the operation, e.g. ``200 response: field number``; empty for the
            whole.
        what: What happened to it, e.g. ``is gone``.
        home: Where it comes from, if the part does not say it: a place in a schema that several
            operations use.
    """

    level: Level
    part: str
    what: str
    home: tuple[str, ...] = ()


def compare_http(before: Document, after: Document) -> Iterator[Reason]:
    """Say how two documents differ: each change once, with the operations that it is seen in.

    Args:
        before: The part of an OpenAPI document that is of one distribution: ``paths`` and
            ``components``.
        after: The same of a later release.
    """
    comparison = HttpComparison(before, after)
    old, new = comparison.before.all, comparison.after.all
    for key in sorted(old.keys() - new.keys()):
        yield Reason(Level.MAJOR, "HTTP", f"{old[key].name} is gone")
    for key in sorted(new.keys() - old.keys()):
        yield Reason(Level.MINOR, "HTTP", f"{new[key].name} is new")
    seen: dict[tuple[object, ...], tuple[Difference, list[str]]] = {}
    for key in sorted(old.keys() & new.keys()):
        for one in comparison.compare(old[key], new[key]):
            same_as = (one.level, one.home or one.part, one.what)
            _, names = seen.setdefault(same_as, (one, []))
            names.append(new[key].name)
    for first, names in seen.values():
        place = f"{listed(names)}: {first.part}" if first.part else listed(names)
        yield Reason(first.level, "HTTP", f"{place} {first.what}")


def listed(operations: Iterable[str]) -> str:
    """Name one or two operations, or the first one and how many more."""
    names = list(dict.fromkeys(operations))
    return " and ".join(names) if len(names) < 3 else f"{names[0]} and {len(names) - 1} more"


class HttpComparison:
    """Compares the operations of two documents, one by one."""

    def __init__(self, before: Document, after: Document) -> None:
        self.before = Operations(before)
        self.after = Operations(after)
        schemas = self.before.schemas, self.after.schemas
        self._sent = Comparison(*schemas, SENT)
        self._read = Comparison(*schemas, READ)

    def compare(self, old: Operation, new: Operation) -> Iterator[Difference]:
        """Give every change of one operation."""
        yield from _manner(old, new)
        for key in sorted({*old.parameters, *new.parameters}):
            yield from self._parameter(key[0], old.parameters.get(key), new.parameters.get(key))
        yield from self._request(old.request, new.request)
        for status in sorted(old.responses.keys() & new.responses.keys()):
            yield from self._response(status, old.responses[status], new.responses[status])
        for status in sorted(old.responses.keys() - new.responses.keys()):
            level = Level.MAJOR if is_success(status) else Level.MINOR
            yield Difference(level, f"{status} response", "is gone")
        for status in sorted(new.responses.keys() - old.responses.keys()):
            yield Difference(Level.MINOR, f"{status} response", "is new")

    def _parameter(
        self, kind: str, old: Document | None, new: Document | None
    ) -> Iterator[Difference]:
        part = f"{kind} parameter {(new or old or {}).get('name')}"
        yield from _presence(part, old, new)
        if old and new:
            yield from _words(part, old, new)
            for keyword in ("style", "explode", "content"):
                if old.get(keyword) != new.get(keyword):
                    yield Difference(Level.MAJOR, part, f"has another {keyword}")
            yield from _schemas(part, self._sent, old, new)

    def _request(self, old: Document, new: Document) -> Iterator[Difference]:
        yield from _presence("request", old or None, new or None)
        if old and new:
            yield from self._content("request", self._sent, old, new)

    def _response(self, status: str, old: Document, new: Document) -> Iterator[Difference]:
        part = f"{status} response"
        yield from _words(part, old, new)
        yield from self._content(part, self._read, old, new)
        had, has = old.get("headers", {}), new.get("headers", {})
        yield from _came_and_went(f"{part}: header", had, has)
        for name in sorted(had.keys() & has.keys()):
            yield from _words(f"{part}: header {name}", had[name], has[name])
            yield from _schemas(f"{part}: header {name}", self._read, had[name], has[name])

    def _content(
        self, part: str, comparison: Comparison, old: Document, new: Document
    ) -> Iterator[Difference]:
        had, has = old.get("content", {}), new.get("content", {})
        yield from _came_and_went(f"{part}: media type", had, has)
        for kind in sorted(had.keys() & has.keys()):
            yield from _schemas(part, comparison, had[kind], has[kind])


def _came_and_went(
    part: str, old: Mapping[str, object], new: Mapping[str, object]
) -> Iterator[Difference]:
    """Compare what there is to read."""
    for name in sorted(old.keys() - new.keys()):
        yield Difference(Level.MAJOR, f"{part} {name}", "is gone")
    for name in sorted(new.keys() - old.keys()):
        yield Difference(Level.MINOR, f"{part} {name}", "is new")


def _presence(part: str, old: Document | None, new: Document | None) -> Iterator[Difference]:
    """Compare whether something can be sent, and must be: what is unknown may not be sent."""
    was, becomes = (bool(one and one.get("required")) for one in (old, new))
    if old is not None and new is None:
        yield Difference(Level.MAJOR, part, "is gone")
    elif old is None and new is not None:
        level = Level.MAJOR if becomes else Level.MINOR
        yield Difference(level, part, "is new and required" if becomes else "is new")
    elif becomes and not was:
        yield Difference(Level.MAJOR, part, "is required now")
    elif was and not becomes:
        yield Difference(Level.MINOR, part, "is optional now")


def _schemas(
    part: str, comparison: Comparison, old: Document, new: Document
) -> Iterator[Difference]:
    """Tell the changes of a schema as changes of an operation."""
    changes: Iterator[Change] = comparison.compare(old.get("schema", {}), new.get("schema", {}))
    for change in changes:
        path = change.place.path
        where = f"{part}: field {path}" if path else part
        home = (comparison.direction.name, *change.place.home) if change.place.home else ()
        yield Difference(change.level, where, change.what, home)


def _manner(old: Operation, new: Operation) -> Iterator[Difference]:
    """Compare who may call, what it is called, and what is said about it."""
    was, becomes = (one.said.get("x-permission") for one in (old, new))
    if was != becomes:
        level = Level.MINOR if _strictness(becomes) < _strictness(was) else Level.MAJOR
        # Each by itself: nobody should have to guess which others they are.
        yield Difference(level, "", f"is for {becomes} now, and was for {was}", (new.name,))
    elif old.said.get("security") != new.said.get("security"):
        yield Difference(Level.MAJOR, "", "asks for other credentials now")
    if old.said.get("operationId") != new.said.get("operationId"):
        what = f"is called {new.said.get('operationId')} now, which generated clients go by"
        yield Difference(Level.MINOR, "", what)
    yield from _words("", old.said, new.said)


def _words(part: str, old: Document, new: Document) -> Iterator[Difference]:
    """Compare what is said about something."""
    if new.get("deprecated") and not old.get("deprecated"):
        yield Difference(Level.MINOR, part, "is deprecated now")
    elif any(old.get(key) != new.get(key) for key in (*PROSE, "deprecated")):
        yield Difference(Level.PATCH, part, "is described in other words")


def _strictness(policy: str | None) -> int:
    return STRICTNESS.index(policy) if policy in STRICTNESS else len(STRICTNESS)
