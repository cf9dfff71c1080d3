"""Read ``[remote.CONTRACT.PROVIDER]``: what the operator lets remote providers do."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from mercato_composition.deployment import edits
from mercato_composition.deployment.file import Source, value_at
from mercato_composition.deployment.partial import Hole, Partial
from mercato_composition.deployment.sections import read_section, table_at
from mercato_composition.faults import Fault
from mercato_kit.settings import Settings

REFUSE, SKIP = "refuse", "skip"


class Remote(Settings, frozen=True):
    """``[remote.CONTRACT.PROVIDER]``."""

    seconds: Annotated[
        float, Meta(ge=0.1, le=10, description="for all its calls in one request together")
    ] = 2.0
    late: Annotated[
        str,
        Meta(
            min_length=1,
            description="what happens when they take longer: refuse (503), skip, or the name of a "
            "local provider of the same contract that is asked instead",
        ),
    ] = REFUSE


Remotes = Mapping[str, Mapping[str, Partial[Remote]]]
"""The tables, by contract id and name of the provider."""


def remotes(source: Source) -> tuple[Remotes | Hole, list[Fault]]:
    """Read the tables. That their contracts and providers exist is checked with the features."""
    said = value_at(source.values, ("remote",))
    if hole := source.hole("remote"):
        return hole, []
    if said is not None and not isinstance(said, Mapping):
        # The top of the file reports it.
        return Hole("remote", (f"K202@{source.origin('remote').key}",)), []
    read: dict[str, dict[str, Partial[Remote]]] = {}
    faults: list[Fault] = []
    for id_ in table_at(source, ("remote",)):
        read[id_] = {}
        faults += _not_a_table(source, "remote", id_)
        for name in table_at(source, ("remote", id_)):
            faults += _not_a_table(source, "remote", id_, name)
            section, mistakes = read_section(Remote, source, ("remote", id_, name))
            read[id_][name] = section
            faults += mistakes
    return read, faults


def _not_a_table(source: Source, *path: str) -> list[Fault]:
    if isinstance(value_at(source.values, path), Mapping):
        return []
    whose = "a provider" if len(path) == 3 else "a contract"
    what = f"{path[-1]!r} in [{'.'.join(path[:-1])}] is a value, and not the table of {whose}."
    return [Fault("K202", source.origin(*path), what, (edits.table_for_value(source, path),))]


def terms_in(remotes: Remotes, id_: str, name: str) -> Remote:
    """Return the terms of a provider; those of a table with faults are the defaults."""
    section = remotes.get(id_, {}).get(name)
    return (section.settings if section else None) or Remote()
