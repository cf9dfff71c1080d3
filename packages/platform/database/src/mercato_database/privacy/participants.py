"""Which features take part in a request, and in which order."""

from collections.abc import Collection, Iterator, Mapping

import sqlalchemy as sa

from mercato_database import ledger
from mercato_database.history import KIT
from mercato_database.holdings import count_rows
from mercato_database.privacy import kit_data
from mercato_kit.composition import current_composition
from mercato_kit.db import session
from mercato_kit.feature import Feature
from mercato_kit.identity import IdentityProvider
from mercato_kit.privacy import Kind, PersonalData


def participants(kind: Kind) -> Mapping[str, PersonalData]:
    """Return what the composed features have of persons, by name, in the order of the steps.

    The features come in reverse, so that those that refer to others go first, and the one that has
    the accounts last, because only it knows whose an account is. The kit follows in an erasure:
    features may have written what it erases.
    """
    features = reversed(current_composition().features)
    last = sorted(features, key=has_accounts)
    found = {one.name: one.personal_data for one in last if takes_part(one, kind)}
    return {**found, KIT: kit_data.PERSONAL_DATA} if kind == "erase" else found


def takes_part(feature: Feature, kind: Kind) -> bool:
    """Return whether a feature exports, or erases, anything."""
    data = feature.personal_data
    return data is not None and (data.export if kind == "export" else data.erase) is not None


def has_accounts(feature: Feature) -> bool:
    """Return whether the accounts of persons are rows of a feature."""
    return any(
        (one.contract, one.thing) == (IdentityProvider, "subject") for one in feature.referents
    )


def absent(kind: Kind) -> list[str]:
    """Return the features that are not composed and whose tables have rows, by name.

    One that the deployment runs without for a while is left out where its manifest says that it has
    nothing of persons.
    """
    composition = current_composition()
    composed = {feature.name for feature in composition.features}
    harmless = {one.name for one in composition.away if not takes_part(one, kind)}
    return sorted(_with_rows(composed | harmless | {KIT}))


def _with_rows(ignored: Collection[str]) -> Iterator[str]:
    connection = session.connection()
    existing = set(sa.inspect(connection).get_table_names())
    for name, entry in ledger.read(connection).items():
        if name not in ignored and any(
            count_rows(connection, table, 0) for table in entry.tables if table in existing
        ):
            yield name
