"""A feature of a deployment with the distribution that it came from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mercato_composition.faults import Fault, Fix, Place, Severity
from mercato_kit.feature import Feature, Glue
from mercato_kit.http import Blueprint, Route


@dataclass(frozen=True)
class Candidate:
    """A feature's manifest with the distribution that brought it.

    Args:
        manifest: The manifest.
        distribution: The distribution's name; None for a manifest passed to ``create_app``.
        version: The distribution's version.
        kit: The kit versions that it was built for (PEP 440); None if unknown.
        required: Whether the deployment cannot start without it.
        mount: Prefix of all its URLs, set by the operator; empty by default.
        glue: The manifest's glue that is active here; the manifest's lists include its parts.
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
        """Distribution, version and name, for messages: ``mercato-reviews 1.0.2 ('reviews')``."""
        return str(self.place)

    @property
    def place(self) -> Place:
        """The feature as the place of a fault."""
        return Place(feature=self.name, distribution=self.distribution, version=self.version)

    @property
    def release(self) -> str:
        """Distribution and version: ``mercato-reviews 1.0.2``."""
        return f"{self.distribution} {self.version}" if self.distribution else self.where

    @property
    def rules(self) -> Iterator[tuple[str, Blueprint, Route]]:
        """Each URL rule as it is served, with its blueprint and route."""
        for blueprint in self.manifest.blueprints:
            for route in blueprint.routes:
                yield self.prefix_of(blueprint) + route.rule, blueprint, route

    def prefix_of(self, blueprint: Blueprint) -> str:
        """Return the URL prefix of one of its blueprints, its mount included."""
        return self.mount + (blueprint.url_prefix or "").rstrip("/")

    def fault(
        self, code: str, what: str, *fixes: Fix, severity: Severity = "error", mark: str = ""
    ) -> Fault:
        """Return a fault of this feature."""
        return Fault(code, self.place, what, fixes, severity, self.name, mark=mark)
