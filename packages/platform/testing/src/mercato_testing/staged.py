"""An app of the real host with what a test uses of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

import pytest
from flask import Flask

from mercato_kit import work
from mercato_kit.db import engine, new_id
from mercato_kit.principals import Principal
from mercato_testing.client import Client
from mercato_testing.stage import Fake, Stage
from mercato_testing.statements import StatementCounter

T = TypeVar("T")

_NOTHING: Mapping[str, Any] = {}


class Commit(Protocol):
    """Runs a function in a unit of work of the app, and returns its result."""

    def __call__(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call ``function(*args, **kwargs)`` and commit."""
        ...


class AsUser(Protocol):
    """Makes clients whose requests have a person's token."""

    def __call__(
        self,
        *,
        permissions: Sequence[str] = (),
        sub: UUID | None = None,
        email: str | None = None,
        name: str | None = None,
    ) -> Client:
        """Return the client of a person; id and e-mail address are random by default."""
        ...


@dataclass(frozen=True)
class Staged:
    """An app with its features, and what fixtures give of it."""

    app: Flask
    stage: Stage

    @property
    def client(self) -> Client:
        """A new client of a guest."""
        return cast("Client", self.app.test_client())

    def as_user(
        self,
        *,
        permissions: Sequence[str] = (),
        sub: UUID | None = None,
        email: str | None = None,
        name: str | None = None,
    ) -> Client:
        """Return the client of a person; id and e-mail address are random by default.

        Raises:
            pytest.UsageError: The app does not use the fake identity provider.
        """
        if not self.stage.has_fake_identity:
            raise pytest.UsageError(
                f"{self.stage.under_test.name!r} or a fake offers the identity contract: "
                "get tokens from that provider"
            )
        client = self.client
        client.principal = Principal(
            sub=sub or new_id(),
            kind="user",
            email=email or f"{new_id()}@example.com",
            email_verified=True,
            permissions=frozenset(permissions),
            name=name,
        )
        return client

    def commit(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Call ``function(*args, **kwargs)`` in a unit of work, and commit."""
        with self.app.app_context():
            return work.run(lambda: function(*args, **kwargs))

    @property
    def statements(self) -> StatementCounter:
        """A new counter of the statements that the app sends."""
        with self.app.app_context():
            return StatementCounter(engine())


class MakeStaged(Protocol):
    """Stages an app for one test."""

    def __call__(
        self,
        *parts: Fake,
        capabilities: Mapping[str, str | Sequence[str]] = _NOTHING,
        decorators: Mapping[str, Sequence[str]] = _NOTHING,
        remote: Mapping[str, Mapping[str, Mapping[str, Any]]] = _NOTHING,
        settings: Mapping[str, Mapping[str, Any]] = _NOTHING,
    ) -> Staged:
        """Return the app of the feature under test, its fakes and *parts*.

        Args:
            parts: Offers, decorators and expansions, which go into one manifest called ``fakes``,
                or features.
            capabilities: ``[capabilities]`` of the deployment.
            decorators: ``[decorators]`` of the deployment.
            remote: ``[remote]`` of the deployment: by contract, then by provider.
            settings: The settings of *parts* by name of the feature.
        """
        ...
