"""The manifest of a feature: Feature, Need, Offer and so on.

A feature wheel publishes its manifest in the entry-point group ``mercato.features``. The name of
the entry point identifies the feature; the deployment file enables it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

import click
import marshmallow as ma
import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from mercato_kit.events import Handler
from mercato_kit.http import Blueprint
from mercato_kit.jobs import Job
from mercato_kit.policies import Policy, anyone
from mercato_kit.privacy.personal_data import PersonalData
from mercato_kit.settings import Settings

ENTRY_POINT_GROUP = "mercato.features"

T = TypeVar("T")


def contract_id(contract: type[Any]) -> str:
    """Return the id of a contract: the last part of its module's name, e.g. ``catalog``."""
    return contract.__module__.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class Need:
    """A contract that the feature calls.

    Args:
        contract: The Protocol.
        versions: Accepted versions (PEP 440), e.g. ``>=1,<2``.
        at_least: Providers that must answer. With 0 the feature starts without any, and in any
            order with those that there are.
        without: What the deployment lacks without a provider, in a few words: ``passwords cannot be
            reset``. Development warns of it, production refuses it unless the operator accepts it.
    """

    contract: type[Any]
    versions: str
    at_least: int = 1
    without: str | None = None

    @property
    def id(self) -> str:
        """The contract's id."""
        return contract_id(self.contract)


@dataclass(frozen=True, slots=True)
class Offer:
    """A contract that the feature implements.

    Args:
        contract: The Protocol.
        version: The implemented version (PEP 440), e.g. ``1.0``.
        factory: Returns the provider: a class or function without arguments. Called once per
            request or job.
        name: The provider's name among those of the contract. Default: the feature's name.
        remote: Whether the provider asks another machine, in the methods that ``REMOTE`` of the
            contract's module names.
    """

    contract: type[Any]
    version: str
    factory: Callable[[], object]
    name: str | None = None
    remote: bool = False

    @property
    def id(self) -> str:
        """The contract's id."""
        return contract_id(self.contract)


@dataclass(frozen=True, slots=True)
class Decorates(Generic[T]):
    """A contract that the feature answers on top of another feature's provider.

    Args:
        contract: The Protocol; one that a single provider answers.
        version: The implemented version (PEP 440), e.g. ``1.0``.
        factory: Takes the provider below it, and returns the decorated one. Called once per
            request or job.
    """

    contract: type[T]
    version: str
    factory: Callable[[T], T]

    @property
    def id(self) -> str:
        """The contract's id."""
        return contract_id(self.contract)


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a feature: when the app starts, of its health, or by the doctor.

    Args:
        name: Name of the check.
        function: Returns None if all is well, else a sentence that describes the problem.
        required: False for a server that the feature can do without for a while: while the check
            fails, the deployment is degraded and stays ready. `mercato check` runs it, too.
    """

    name: str
    function: Callable[[], str | None]
    required: bool = True


@dataclass(frozen=True, slots=True)
class Gauge:
    """A number that ``/metrics`` shows, such as how many things wait for an operator.

    Args:
        name: Its name behind ``mercato_<feature>_``.
        summary: What it counts.
        function: Returns it. Called every 5 s at most, in a read-only unit of work of its own.
    """

    name: str
    summary: str
    function: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Referent:
    """A primary key of this feature that other features store, named in terms of a contract.

    Args:
        contract: The Protocol that returns the ids.
        thing: What an id identifies, e.g. ``variant``.
        column: The primary key.
    """

    contract: type[Any]
    thing: str
    column: InstrumentedAttribute[Any]

    @property
    def word(self) -> str:
        """The full name, e.g. ``catalog.variant``."""
        return f"{contract_id(self.contract)}.{self.thing}"


@dataclass(frozen=True, slots=True)
class SoftReference:
    """A column with ids of another feature. Foreign keys do not cross features.

    Args:
        column: The column with the ids.
        contract: The Protocol that returned the ids.
        thing: What an id identifies, as in the :class:`Referent` of the other feature.
        policy: ``keeps_snapshot``: the row has all it needs and may outlive the referenced row.
            ``needs_target``: the row is meaningless without the referenced row.
    """

    column: InstrumentedAttribute[Any]
    contract: type[Any]
    thing: str
    policy: Literal["keeps_snapshot", "needs_target"]

    @property
    def word(self) -> str:
        """The full name of what it references, e.g. ``catalog.variant``."""
        return f"{contract_id(self.contract)}.{self.thing}"


POLICIES: Mapping[str, str] = {
    "keeps_snapshot": "the row has all it needs and may outlive the referenced row",
    "needs_target": "the row is meaningless without the referenced row",
}
"""Meaning of each policy of a :class:`SoftReference`, for operators."""


@dataclass(frozen=True, slots=True)
class Expansion:
    """A member that the feature adds to the items of another feature's answers.

    ``GET /v1/products?expand=reviews`` shows it in ``expanded.reviews`` of each product.

    Args:
        contract: The Protocol that returns the ids of the items.
        thing: What an id identifies, as in the :class:`Referent` of the other feature.
        name: The name of the member, which ``expand`` takes.
        schema: The schema of a value.
        summary: What the value is, for the API document.
        batch: Returns the values by id, in 2 statements at most, for up to 100 ids that the caller
            was shown. An id without a value is left out; the answer has null.
        allow: Who may ask for it.
        public: The values are the same for all callers; caches may keep them for 30 s.
    """

    contract: type[Any]
    thing: str
    name: str
    schema: type[ma.Schema]
    summary: str
    batch: Callable[[Sequence[UUID]], Mapping[UUID, object]]
    allow: Policy = anyone
    public: bool = False

    @property
    def word(self) -> str:
        """The full name of what it expands, e.g. ``catalog.product``."""
        return f"{contract_id(self.contract)}.{self.thing}"


@dataclass(frozen=True, kw_only=True)
class Glue:
    """Parts of a feature that are composed only if other features are enabled.

    The conditions are not needs: without them, the feature starts without these parts.

    Args:
        when: Conditions: contracts that a feature offers, or names of features.
        blueprints: Routes.
        offers: Contracts implemented.
        decorates: Contracts answered on top of another feature.
        handles: Events handled.
        jobs: Periodic jobs.
        expansions: Members added to the items of other features.
    """

    when: Sequence[Need | str]
    blueprints: Sequence[Blueprint] = ()
    offers: Sequence[Offer] = ()
    decorates: Sequence[Decorates[Any]] = ()
    handles: Sequence[Handler] = ()
    jobs: Sequence[Job] = ()
    expansions: Sequence[Expansion] = ()


@dataclass(frozen=True, kw_only=True)
class Feature:
    """The manifest of a feature: everything that the host registers for it.

    Args:
        name: Also the entry point, folder, table prefix, command group and settings section.
        summary: One sentence for operators.
        kit: Supported versions of mercato-kit (PEP 440). Default: the wheel's requirement.
        blueprints: Routes. Each states who may call it.
        metadata: Tables, all named ``<name>_…``.
        migrations: The folder of the Alembic revisions.
        mails: The folder of the templates of its mails: ``<language>/<name>.subject.txt``, ``.txt``
            and ``.html``, in English and in other languages.
        referents: Primary keys that other features store.
        references: Columns with ids of other features.
        needs: Contracts called.
        offers: Contracts implemented.
        decorates: Contracts answered on top of another feature.
        excludes: Names of features that must not run in the same app, with the reason.
        development_only: Why production refuses the feature: ``it takes play money``.
        publishes: Topics of published events.
        handles: Events handled.
        jobs: Periodic jobs.
        expansions: Members added to the items of other features.
        glue: Parts that are composed only if other features are enabled.
        settings: The class of the settings.
        permissions: Description of each permission, by name.
        startup: Checks of its settings against what else is composed. The app does not start while
            one of them finds something; they read no database.
        health: Checks that decide whether the feature can serve requests.
        doctor: Checks of the data, run on demand.
        gauges: Numbers for ``/metrics``.
        cli: Commands. One group is named after the feature; each of a list has its own name, which
            may have ``-``, and belongs to one feature.
        personal_data: What it holds of a person: each column with text, JSON or bytes, and how the
            data is exported and erased.
        sample_data: Fills an empty database with sample data; does nothing the second time. Its
            argument has the data that earlier features left for others, by name (``variant_ids``),
            and it may add to them. Returns lines that tell a developer what was made.
    """

    name: str
    summary: str
    kit: str | None = None
    blueprints: Sequence[Blueprint] = ()
    metadata: sa.MetaData | None = None
    migrations: Path | None = None
    mails: Path | None = None
    referents: Sequence[Referent] = ()
    references: Sequence[SoftReference] = ()
    needs: Sequence[Need] = ()
    offers: Sequence[Offer] = ()
    decorates: Sequence[Decorates[Any]] = ()
    excludes: Mapping[str, str] = field(default_factory=dict)
    development_only: str | None = None
    publishes: Sequence[str] = ()
    handles: Sequence[Handler] = ()
    jobs: Sequence[Job] = ()
    expansions: Sequence[Expansion] = ()
    glue: Sequence[Glue] = ()
    settings: type[Settings] | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    startup: Sequence[Check] = ()
    health: Sequence[Check] = ()
    doctor: Sequence[Check] = ()
    gauges: Sequence[Gauge] = ()
    cli: click.Group | Sequence[click.Group] | None = None
    personal_data: PersonalData | None = None
    sample_data: Callable[[dict[str, list[Any]]], Sequence[str]] | None = None

    @property
    def groups(self) -> Mapping[str, click.Group]:
        """The groups of commands, by the name that follows ``mercato``."""
        if isinstance(self.cli, click.Group):
            return {self.name: self.cli}
        return {str(group.name): group for group in self.cli or ()}
