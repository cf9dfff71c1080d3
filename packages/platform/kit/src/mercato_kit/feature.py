"""Feature, Need, Offer: the manifest of one installable feature.

A feature wheel names its manifest in the entry-point group ``mercato.features``. The entry point
gives the feature its identity; the deployment file makes the choice.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path
from typing import Any
from typing import Literal
from uuid import UUID

import click
import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_kit.events import Handler
from mercato_kit.http import Blueprint
from mercato_kit.jobs import Job
from mercato_kit.settings import Settings

ENTRY_POINT_GROUP = "mercato.features"


def contract_id(contract: type[Any]) -> str:
    """Return the id of a contract: the last part of its module's name, e.g. ``catalog``."""
    return contract.__module__.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Need:
    """A contract that this feature calls.

    Args:
        contract: The Protocol.
        versions: Which versions of it will do (PEP 440), e.g. ``>=1,<2``.
    """

    contract: type[Any]
    versions: str

    @property
    def id(self) -> str:
        """The contract's id."""
        return contract_id(self.contract)


@dataclass(frozen=True, slots=True)
class Offer:
    """A contract that this feature answers.

    Args:
        contract: The Protocol.
        version: Which version of it is answered (PEP 440), e.g. ``1.0``.
        factory: Makes the provider, without arguments: a class, or a function. Called once a
            request or job.
    """

    contract: type[Any]
    version: str
    factory: Callable[[], object]

    @property
    def id(self) -> str:
        """The contract's id."""
        return contract_id(self.contract)


@dataclass(frozen=True, slots=True)
class Check:
    """A question about the state of a feature that health or doctor asks.

    Args:
        name: What is checked.
        function: Returns None when all is well, else what is wrong, in one sentence.
    """

    name: str
    function: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Referent:
    """Ids of this feature that others keep, under a word of a contract that it offers.

    Args:
        contract: The Protocol that hands the ids out.
        thing: What one of them names, e.g. ``variant``.
        column: Where they are: a primary key.
    """

    contract: type[Any]
    thing: str
    column: InstrumentedAttribute[Any]

    @property
    def word(self) -> str:
        """What it is called everywhere, e.g. ``catalog.variant``."""
        return f"{contract_id(self.contract)}.{self.thing}"


@dataclass(frozen=True, slots=True)
class SoftReference:
    """A column of this feature that keeps ids of another: no foreign key leaves a feature.

    Args:
        column: Where they are kept.
        contract: The Protocol that handed them out.
        thing: What one of them names, as a :class:`Referent` of another feature says.
        policy: ``keeps_snapshot``: the row holds what it needs, and may outlive what it names.
            ``needs_target``: the row means nothing without it.
    """

    column: InstrumentedAttribute[Any]
    contract: type[Any]
    thing: str
    policy: Literal["keeps_snapshot", "needs_target"]

    @property
    def word(self) -> str:
        """What it names, e.g. ``catalog.variant``."""
        return f"{contract_id(self.contract)}.{self.thing}"


POLICIES: Mapping[str, str] = {
    "keeps_snapshot": "the row holds what it needs and may outlive what it names",
    "needs_target": "the row means nothing without what it names",
}
"""What each policy of a :class:`SoftReference` means."""


@dataclass(frozen=True, kw_only=True)
class Glue:
    """Parts of a feature that are composed only where others are on, too.

    Its conditions are no needs: the feature starts without them, and leaves these parts out.

    Args:
        when: What must be there: contracts that somebody offers, or names of features.
        blueprints: Routes.
        offers: Contracts answered.
        handles: Events answered.
        jobs: What the worker does again and again.
    """

    when: Sequence[Need | str]
    blueprints: Sequence[Blueprint] = ()
    offers: Sequence[Offer] = ()
    handles: Sequence[Handler] = ()
    jobs: Sequence[Job] = ()


@dataclass(frozen=True, kw_only=True)
class Feature:
    """The table of contents of a feature: everything the host registers on its behalf.

    Args:
        name: Also the entry point, folder, table prefix, command group and settings section.
        summary: One sentence for operators.
        kit: Which versions of mercato-kit it was built for (PEP 440). Default: what its wheel
            requires.
        blueprints: Its routes; each route states who may call it.
        metadata: Its tables, all named ``<name>_…``.
        migrations: The folder of its Alembic revisions.
        referents: Its ids that others keep.
        references: Its columns that keep ids of others.
        needs: Contracts it calls.
        offers: Contracts it answers.
        excludes: Features it must not run beside, each with the reason.
        publishes: Topics of the events it publishes.
        handles: Events it answers.
        jobs: What its worker does again and again.
        glue: Parts that are composed only where others are on, too.
        settings: The class of its settings.
        permissions: What each permission it asks for allows, by name.
        health: Checks that decide whether it can serve.
        doctor: Checks of its data, on demand.
        cli: Its commands; the group's name is the feature's.
        export_subject: Returns everything it holds about a person, as JSON values.
        erase_subject: Forgets a person.
        sample_data: Fills an empty database with believable data; makes nothing the second time. It
            is given what the features before it left for others, by name (``variant_ids``), may
            leave something itself, and returns lines that tell a developer what is there.
    """

    name: str
    summary: str
    kit: str | None = None
    blueprints: Sequence[Blueprint] = ()
    metadata: sa.MetaData | None = None
    migrations: Path | None = None
    referents: Sequence[Referent] = ()
    references: Sequence[SoftReference] = ()
    needs: Sequence[Need] = ()
    offers: Sequence[Offer] = ()
    excludes: Mapping[str, str] = field(default_factory=dict)
    publishes: Sequence[str] = ()
    handles: Sequence[Handler] = ()
    jobs: Sequence[Job] = ()
    glue: Sequence[Glue] = ()
    settings: type[Settings] | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    health: Sequence[Check] = ()
    doctor: Sequence[Check] = ()
    cli: click.Group | None = None
    export_subject: Callable[[UUID], Mapping[str, Any]] | None = None
    erase_subject: Callable[[UUID], None] | None = None
    sample_data: Callable[[dict[str, list[Any]]], Sequence[str]] | None = None
