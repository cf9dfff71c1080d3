"""Checks of views: what each shows is what its schema makes of the entity."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import msgspec
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import make_transient

from mercato_kit.db import session
from mercato_kit.feature import Feature
from mercato_kit.http import PageRequest
from mercato_kit.views import View
from mercato_testing.conformance.shape import packages_of
from mercato_testing.views import ViewCase

_EXAMPLES = 25


def views_of(feature: Feature) -> Iterator[tuple[str, View]]:
    """Return the name and the view of each view in the modules ``views`` of a feature."""
    for package in packages_of(feature):
        name = f"{package}.views"
        if find_spec(name) is not None:
            named = vars(import_module(name)).items()
            yield from ((key, value) for key, value in named if isinstance(value, View))


def impossible_views(views: Iterable[tuple[str, View]]) -> Iterator[str]:
    """Find views that SQL cannot show as their schemas do."""
    for name, view in views:
        try:
            view.check()
        except TypeError as error:
            yield f"{name}: {error}"


def differing_views(
    app: Flask, views: Iterable[tuple[str, View]], cases: Mapping[str, ViewCase]
) -> Iterator[str]:
    """Find views that show something else than their schemas dump, or whose rows are not drawn."""
    for name, view in views:
        if name in cases:
            compare(app, view, cases[name])
        else:
            yield f"{name}: add how its rows are drawn to the fixture view_cases"


def compare(app: Flask, view: View, case: ViewCase) -> None:
    """Compare a view with its schema for random rows.

    Raises:
        AssertionError: They differ.
    """
    # As in mercato_testing.views.
    from hypothesis import HealthCheck, Phase, given, settings  # noqa: PLC0415

    @settings(
        max_examples=_EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case.rows)
    def equal(rows: Sequence[Any]) -> None:
        with app.app_context(), _inserted(rows):
            first = next(row for row in rows if isinstance(row, view.model))
            values = case.values(first)
            shown = msgspec.json.decode(view.one(**values).json())
            key = sa.inspect(first).identity
            session.expunge_all()
            entity = session.get_one(type(first), key, options=case.options)
            dumped = view.schema().dump(case.loaded(entity))
            _check_equal(shown, dumped)
            if view.sorts:
                page = view.page(PageRequest(sort=next(iter(view.sorts))), **values)
                _check_equal(msgspec.json.decode(page.json())["data"], [dumped])

    equal()


def _check_equal(shown: Any, dumped: Any) -> None:
    if shown != dumped:
        raise AssertionError(f"the view shows {shown}, and its schema {dumped}")


@contextmanager
def _inserted(rows: Sequence[Any]) -> Iterator[None]:
    """Insert rows in a transaction that is rolled back, as some rows can never be deleted."""
    try:
        for row in rows:
            make_transient(row)
            session.add(row)
            session.flush()
        yield
    finally:
        session.rollback()
        session.expunge_all()
