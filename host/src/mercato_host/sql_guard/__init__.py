"""The SQL guard: a feature's statements touch the feature's own tables, and no others.

It looks at each statement before the database sees it: which composed tables does its text name,
and whose code is nearest on the call stack? It finds mistakes, not malice, and it cannot see what
does not pass SQLAlchemy's engine (a driver's own cursor), what a view, a function or a trigger
hides, SQL put together inside of the database, or a thread that runs nothing but a library's code.
"""

import inspect
from collections.abc import Iterable
from collections.abc import Mapping
from functools import lru_cache
from itertools import chain
from types import CodeType
from types import FrameType
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from mercato_composition.faults import Fault
from mercato_composition.faults import render
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_host.extensions import db
from mercato_kit import models
from mercato_kit.migrations import version_table
from mercato_runtime.guard.askers import HOST
from mercato_runtime.guard.askers import KIT
from mercato_runtime.guard.askers import Askers
from mercato_runtime.guard.messages import explain
from mercato_runtime.guard.statements import tables_in

__all__ = ["ForeignTableError", "SqlGuard", "init_app"]

_TEXTS_KEPT = 1024
_LONGEST_KEPT = 8192
"""Characters. Longer texts are those of large lists of values, each unlike any other."""

_FLUSH: CodeType = Session.flush.__code__


class ForeignTableError(RuntimeError):
    """A feature asked for another's table (K420). The statement was not sent."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(render(self.faults))


def init_app(app: Flask, plan: Plan) -> None:
    """Guard the tables of every feature of *plan* on the engine of *app*."""
    guard = SqlGuard([*plan.features, *plan.absent])
    with app.app_context():
        sa.event.listen(db.engine, "before_cursor_execute", guard.check)


class SqlGuard:
    """Tells whose tables a statement touches, and who asks.

    Args:
        features: Whose tables are guarded; those of the kit are as well.
    """

    def __init__(self, features: Iterable[Candidate]) -> None:
        self._features = {feature.name: feature for feature in features}
        self._owners = _owners_of_tables(self._features.values())
        self._askers = Askers(self._features.values())
        self._owners_in_kept = lru_cache(maxsize=_TEXTS_KEPT)(self._owners_in)

    def check(
        self,
        _connection: sa.Connection,
        _cursor: Any,
        statement: str,
        _parameters: Any,
        context: Any,
        _many: bool,  # noqa: FBT001 - SQLAlchemy decides what a listener is given
    ) -> None:
        """Let a statement pass, or refuse it.

        Raises:
            ForeignTableError: A feature may not send it.
        """
        owners = self._owners_touched(statement, context)
        # The guard's own frame is the host's.
        here = inspect.currentframe()
        frame = here.f_back if owners and here else None
        while frame is not None:
            asker = self._askers.of(frame)
            if asker is not None:
                if asker == HOST or owners <= self._askers.only[asker]:
                    return
                if asker != KIT:
                    self._refuse(statement, asker, owners, frame)
                    return
                # The kit's tables are the kit's business; any other is that of who called it.
                owners -= self._askers.only[KIT]
            frame = frame.f_back

    def _owners_touched(self, statement: str, context: Any) -> frozenset[str]:
        if len(statement) <= _LONGEST_KEPT:
            return self._owners_in_kept(statement)
        compiled = getattr(context, "compiled", None)
        if compiled is None or len(compiled.string) > _LONGEST_KEPT:
            return self._owners_in(statement)
        # As it is before its lists of values are written out: short, and always the same.
        return self._owners_in_kept(compiled.string)

    def _owners_in(self, statement: str) -> frozenset[str]:
        return frozenset(self._owners[table] for table in tables_in(statement, self._owners))

    def _refuse(self, statement: str, asker: str, owners: frozenset[str], frame: FrameType) -> None:
        """Refuse, unless this is a flush, which writes for whoever left objects in the session."""
        here = inspect.currentframe()
        while here is not None and here is not frame:
            if here.f_code is _FLUSH:
                return
            here = here.f_back
        raise ForeignTableError(
            explain(
                asker=self._features[asker],
                owner=self._features.get(owner),
                tables=[
                    table
                    for table in tables_in(statement, self._owners)
                    if self._owners[table] == owner
                ],
                statement=statement,
                place=f"{frame.f_code.co_filename}:{frame.f_lineno}",
            )
            for owner in sorted(owners - {asker})
        )


def _owners_of_tables(features: Iterable[Candidate]) -> Mapping[str, str]:
    """Return the owner of each table, by the table's name without case."""
    owners = {version_table(KIT): KIT}
    owners |= dict.fromkeys(_names_in(models.Base.metadata), KIT)
    for feature in features:
        if feature.manifest.metadata is not None:
            names = chain(_names_in(feature.manifest.metadata), [version_table(feature.name)])
            owners |= dict.fromkeys(names, feature.name)
    return owners


def _names_in(metadata: sa.MetaData) -> list[str]:
    return [table.name.casefold() for table in metadata.tables.values()]
