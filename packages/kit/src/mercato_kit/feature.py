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
from uuid import UUID

import click
import sqlalchemy as sa

from mercato_kit.events import Handler
from mercato_kit.events import Job
from mercato_kit.http import Blueprint
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
        needs: Contracts it calls.
        offers: Contracts it answers.
        publishes: Topics of the events it publishes.
        handles: Events it answers.
        jobs: What its worker does again and again.
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
    needs: Sequence[Need] = ()
    offers: Sequence[Offer] = ()
    publishes: Sequence[str] = ()
    handles: Sequence[Handler] = ()
    jobs: Sequence[Job] = ()
    settings: type[Settings] | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    health: Sequence[Check] = ()
    doctor: Sequence[Check] = ()
    cli: click.Group | None = None
    export_subject: Callable[[UUID], Mapping[str, Any]] | None = None
    erase_subject: Callable[[UUID], None] | None = None
    sample_data: Callable[[dict[str, list[Any]]], Sequence[str]] | None = None
