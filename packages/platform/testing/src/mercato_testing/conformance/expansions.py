"""Checks of expansions: one call for a page, in two statements at most."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from flask import Flask

from mercato_kit import work
from mercato_kit.db import engine, new_id
from mercato_kit.feature import Expansion, Feature
from mercato_testing.items import expansions_of
from mercato_testing.statements import StatementCounter

MOST_STATEMENTS = 2


def faulty_expansions(
    app: Flask, feature: Feature, known: Mapping[str, Sequence[UUID]]
) -> Iterator[str]:
    """Find expansions that send too much, answer for other ids, or lack what they should have.

    Args:
        app: The host with the feature.
        feature: The feature.
        known: Ids that the expansions have values for, by what they expand: two or more.
    """
    for one in expansions_of(feature):
        ids = known.get(one.word, ())
        if len(ids) < 2:
            yield f"{one.name}: add two ids of {one.word} that have a value to expanded_ids"
        else:
            yield from (f"{one.name}: {line}" for line in _faults(app, one, ids))


def _faults(app: Flask, one: Expansion, ids: Sequence[UUID]) -> Iterator[str]:
    # Without the last one, and with one that is unknown.
    asked = [*ids[:-1], new_id()]
    found, sent = _ask(app, one, asked)
    if len(sent) > MOST_STATEMENTS:
        yield f"sends more than {MOST_STATEMENTS} statements for {len(asked)} ids: {sent}"
    if strange := found.keys() - set(asked):
        yield f"has values of ids that were not asked for: {sorted(map(str, strange))}"
    if missing := set(ids[:-1]) - found.keys():
        yield f"has no values of {sorted(map(str, missing))}"
    try:
        msgspec.json.encode([one.schema().dump(value) for value in found.values()])
    except (AttributeError, TypeError, ValueError) as error:
        yield f"{one.schema.__name__} cannot show its values: {error}"


def _ask(
    app: Flask, one: Expansion, ids: Sequence[UUID]
) -> tuple[Mapping[UUID, Any], StatementCounter]:
    with app.app_context(), StatementCounter(engine()) as sent:
        return work.run(lambda: one.batch(ids), read_only=True), sent
