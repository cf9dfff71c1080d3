"""A feature that takes part in a deployment, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from mercato_composition.faults import Fault
from mercato_kit.feature import Feature
from mercato_kit.feature import Glue
from mercato_kit.feature import Offer
from mercato_kit.http import Blueprint
from mercato_kit.http import Route


@dataclass(frozen=True)
class Candidate:
    """A feature's manifest with the distribution that brought it.

    Args:
        manifest: The manifest.
        distribution: The wheel's name; None for a manifest that was handed to ``create_app``.
        version: The wheel's version.
        kit: The kit versions it was built for (PEP 440); None where nothing says.
        required: False lets the deployment start without it.
        mount: What all its addresses start with, as the operator chose; nothing by default.
        glue: Which of the manifest's glue holds here; the manifest has its parts among its own.
    """

    manifest: Feature
    distribution: str | None = None
    version: str | None = None
    kit: str | None = None
    required: bool = True
    mount: str = ""
    glue: tuple[Glue, ...] = ()

    @property
    def name(self) -> str:
        """The feature's name."""
        return self.manifest.name

    @property
    def where(self) -> str:
        """Name it as messages do: ``mercato-reviews 1.0.2 ('reviews')``."""
        if self.distribution is None:
            return f"{self.name!r} (handed to create_app)"
        return f"{self.distribution} {self.version} ({self.name!r})"

    @property
    def release(self) -> str:
        """Name its wheel: ``mercato-reviews 1.0.2``."""
        return f"{self.distribution} {self.version}" if self.distribution else self.where

    @property
    def rules(self) -> Iterator[tuple[str, Blueprint, Route]]:
        """Give each of its URL rules as it is served, with the blueprint and route that have it."""
        for blueprint in self.manifest.blueprints:
            for route in blueprint.routes:
                yield self.prefix_of(blueprint) + route.rule, blueprint, route

    def prefix_of(self, blueprint: Blueprint) -> str:
        """Return what the addresses of one of its blueprints start with."""
        return self.mount + (blueprint.url_prefix or "").rstrip("/")

    def fault(self, code: str, what: str, fix: str) -> Fault:
        """Report something about this feature."""
        return Fault(code, self.where, what, fix, feature=self.name)


@dataclass(frozen=True)
class Plan:
    """What a deployment comes to: everything that boot needs, or what is in its way.

    Args:
        features: In dependency order.
        settings: Each feature's settings, by feature name.
        providers: The offer that answers each contract, where the operator chose between two.
        faults: What does not fit. With an error among them nothing may be started.
        left_out: Features the operator allowed to be absent and that are, with the reason.
        absent: Manifests of those left out that could be loaded.
        closed: Of the others, the URL rules that are known all the same, each with its feature.
    """

    features: tuple[Candidate, ...]
    settings: Mapping[str, Any]
    faults: tuple[Fault, ...] = ()
    providers: tuple[Offer, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[Candidate, ...] = ()
    closed: Mapping[str, str] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        """Whether it may be started."""
        return all(fault.severity == "warning" for fault in self.faults)
