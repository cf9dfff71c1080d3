"""The SQL guard: refuse statements of a feature on tables of another feature.

Before a statement is sent, the guard finds the tables that its text names, and the feature whose
code is nearest on the call stack. It finds mistakes, not attacks. It does not see statements that
bypass SQLAlchemy's engine (a driver's cursor), tables behind a view, a function or a trigger, SQL
built inside the database, and threads that run only code of a library.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from types import CodeType, FrameType
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from mercato_composition.faults import Fault, render
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_kit import later, models
from mercato_kit.db import engine
from mercato_kit.driver import watchers_of
from mercato_kit.migrations import version_table
from mercato_runtime.guard.faults import guard_fault
from mercato_runtime.guard.owners import HOST, KIT, CodeOwners
from mercato_runtime.guard.statements import tables_in

__all__ = ["ForeignTableError", "SqlGuard", "init_app"]

_TEXTS_KEPT = 1024
_LONGEST_KEPT = 8192
"""Characters. Longer statements are mostly lists of values, and rarely occur twice."""

_TOGETHER: frozenset[CodeType] = frozenset({Session.flush.__code__, later.write.__code__})
"""What writes rows of several features at once: each was handed over by its own feature."""


class ForeignTableError(RuntimeError):
    """A feature's statement names a table of another feature (K420); it was not sent."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(render(self.faults))


def init_app(app: Flask, plan: Plan) -> None:
    """Guard the tables of the kit and of every feature in *plan* on the engine of *app*."""
    guard = SqlGuard([*plan.features, *plan.absent])
    with app.app_context():
        sa.event.listen(engine(), "before_cursor_execute", guard.check)
        watchers_of(engine()).append(guard.check_read)


class SqlGuard:
    """Compares the owners of a statement's tables with the owner of the calling code.

    Args:
        features: The features whose tables are guarded, besides those of the kit.
    """

    def __init__(self, features: Iterable[Candidate]) -> None:
        self._features = {feature.name: feature for feature in features}
        self._owners = _owners_of_tables(self._features.values())
        self._columns = frozenset(_columns_of(self._features.values()))
        self._code_owners = CodeOwners(self._features.values())
        self._owners_in_kept = lru_cache(maxsize=_TEXTS_KEPT)(self._owners_in)

    def check(
        self,
        _connection: sa.Connection,
        _cursor: Any,
        statement: str,
        _parameters: Any,
        context: Any,
        _many: bool,  # noqa: FBT001 - the signature of SQLAlchemy's event
    ) -> None:
        """Check one statement, as a listener of SQLAlchemy's ``before_cursor_execute``.

        Raises:
            ForeignTableError: The calling feature does not own all tables of the statement.
        """
        self._check(statement, self._owners_touched(statement, context), inspect.currentframe())

    def check_read(self, statement: str) -> None:
        """Check the text of a view, as one of :func:`mercato_kit.driver.watchers_of`.

        Raises:
            ForeignTableError: The calling feature does not own all tables of the statement.
        """
        self._check(statement, self._owners_in_kept(statement), inspect.currentframe())

    def _check(self, statement: str, owners: frozenset[str], own: FrameType | None) -> None:
        # Skip the guard's frame, which would count as the host's.
        frame = own.f_back if owners and own else None
        while frame is not None:
            caller = self._code_owners.of(frame)
            if caller is not None:
                if caller == HOST or owners <= self._code_owners.only[caller]:
                    return
                if caller != KIT:
                    self._refuse(statement, caller, owners, frame)
                    return
                # The kit may use its own tables; for the others, its caller is responsible.
                owners -= self._code_owners.only[KIT]
            frame = frame.f_back

    def _owners_touched(self, statement: str, context: Any) -> frozenset[str]:
        if len(statement) <= _LONGEST_KEPT:
            return self._owners_in_kept(statement)
        compiled = getattr(context, "compiled", None)
        if compiled is None or len(compiled.string) > _LONGEST_KEPT:
            return self._owners_in(statement)
        # The compiled text, before the lists of values are expanded, is short and repeats.
        return self._owners_in_kept(compiled.string)

    def _owners_in(self, statement: str) -> frozenset[str]:
        return frozenset(self._owners[table] for table in self._tables_in(statement))

    def _tables_in(self, statement: str) -> list[str]:
        return tables_in(statement, self._owners, self._columns)

    def _refuse(
        self, statement: str, caller: str, owners: frozenset[str], frame: FrameType
    ) -> None:
        """Raise the error, except where rows of several features are written together."""
        current = inspect.currentframe()
        while current is not None and current is not frame:
            if current.f_code in _TOGETHER:
                return
            current = current.f_back
        raise ForeignTableError(
            guard_fault(
                caller=self._features[caller],
                owner=self._features.get(owner),
                tables=[
                    table for table in self._tables_in(statement) if self._owners[table] == owner
                ],
                statement=statement,
                place=f"{frame.f_code.co_filename}:{frame.f_lineno}",
            )
            for owner in sorted(owners - {caller})
        )


def _owners_of_tables(features: Iterable[Candidate]) -> Mapping[str, str]:
    """Return the owner of each table by the case-folded name of the table."""
    owners = {version_table(KIT): KIT}
    owners |= dict.fromkeys(_names_in(models.Base.metadata), KIT)
    for feature in features:
        if feature.manifest.metadata is not None:
            names = chain(_names_in(feature.manifest.metadata), [version_table(feature.name)])
            owners |= dict.fromkeys(names, feature.name)
    return owners


def _columns_of(features: Iterable[Candidate]) -> Iterator[str]:
    """Give the case-folded names of the columns of all features."""
    for feature in features:
        if feature.manifest.metadata is not None:
            for table in feature.manifest.metadata.tables.values():
                yield from (column.name.casefold() for column in table.columns)


def _names_in(metadata: sa.MetaData) -> list[str]:
    return [table.name.casefold() for table in metadata.tables.values()]
