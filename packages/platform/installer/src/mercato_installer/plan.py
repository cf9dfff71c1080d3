"""The plan of a deploy: what will change, and what must not have changed until then."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from mercato_composition.faults import DeploymentError, Fault, Place, mercato
from mercato_installer.inside import DatabasePlan

_ANEW = mercato("deploy", "--plan", "--out", "plan.json")


Sign = Literal["+", "~", "-"]


class Change(msgspec.Struct, frozen=True):
    """A thing that is added, changed or removed, in words."""

    sign: Sign
    what: str

    def __str__(self) -> str:
        return f"{self.sign} {self.what}"

    @property
    def without_values(self) -> str:
        """The change of a line that no check has read: any value in it may be a secret."""
        return f"{self.sign} {self.what.partition(' ')[0]}"


class Packages(msgspec.Struct, frozen=True):
    """How packages differ; the number of equal ones; the bytes of new wheels."""

    changes: tuple[Change, ...]
    equal: int
    bytes: int


class Routes(msgspec.Struct, frozen=True):
    """The routes that are added and removed, as ``GET /v1/orders``."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


class Numbers(msgspec.Struct, frozen=True, rename={"before": "from", "after": "to"}):
    """The numbers of the current release, None before the first, and of the next."""

    before: int | None
    after: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What ``mercato deploy`` will do; ``deploy --plan --out`` writes it as JSON.

    Args:
        format: The version of this format.
        command: ``deploy``.
        deployment: The path of the deployment file.
        environment: The environment that the file names.
        release: The current and the next release.
        file_sha256: The hash of the deployment file.
        file: How it differs from that of the current release.
        packages: How the packages differ.
        routes: How the routes differ; None if the current environment does not answer.
        database: The migrations that are applied, and the data that is kept.
        lock: The text of the lock.
    """

    format: str = "1.0"
    command: str = "deploy"
    deployment: str
    environment: str
    release: Numbers
    file_sha256: str
    file: tuple[Change, ...]
    packages: Packages
    routes: Routes | None
    database: DatabasePlan
    lock: str

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        pending = any(not one.waits for step in self.database.steps for one in step.migrations)
        return bool(self.release.before is None or self.file or self.packages.changes or pending)

    @property
    def heads(self) -> dict[str, str]:
        """The revision of each feature's tables after the deploy."""
        now = {
            step.feature: one.revision
            for step in self.database.steps
            for one in step.migrations
            if not one.waits
        }
        return self.database.heads | now

    def stale(self, now: "Plan") -> Iterator[str]:
        """Say what is different *now* from what this plan expects."""
        if self.deployment != now.deployment:
            yield f"it was made for {self.deployment}, not for {now.deployment}"
        if self.release.before != now.release.before:
            numbers = [str(it.release.before or "none") for it in (now, self)]
            yield f"release {numbers[0]} is current, not {numbers[1]}"
        if self.file_sha256 != now.file_sha256:
            name = Path(self.deployment).name
            edited = [it.without_values for it in now.file if it not in self.file]
            news = ", ".join(edited) or "other bytes"
            yield f"{name} was edited: {news}"
        if self.database != now.database:
            yield from _differing_tables(self.database, now.database)


def digest(content: bytes) -> str:
    """Return a SHA-256."""
    return hashlib.sha256(content).hexdigest()


def read(path: Path) -> Plan:
    """Read a plan that ``deploy --plan --out`` wrote.

    Raises:
        DeploymentError: It is not a plan (K127).
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Plan)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        what = f"it is not a plan of `mercato deploy`: {error}"
        raise DeploymentError([Fault("K127", Place(file=path.name), what, (_ANEW,))]) from error


def require_same(kept: Plan, now: Plan, name: str) -> None:
    """Refuse a plan that no longer holds.

    Raises:
        DeploymentError: What it expects has changed (K127).
    """
    if reasons := list(kept.stale(now)):
        what = "\n".join(["since this plan was made, something has changed:", *reasons])
        raise DeploymentError([Fault("K127", Place(file=name), what, (_ANEW,))])


def _differing_tables(kept: DatabasePlan, now: DatabasePlan) -> Iterator[str]:
    for feature in sorted(kept.heads.keys() | now.heads.keys()):
        before, after = kept.heads.get(feature, "none"), now.heads.get(feature, "none")
        if before != after:
            yield f"the tables of {feature} are at {after}, not at {before}"
    if kept.heads == now.heads and kept.steps != now.steps:
        yield "other migrations are pending"
