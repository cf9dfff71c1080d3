"""Conditions of a deployment, as in Kubernetes: true, false or unknown, with reason and message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from mercato_composition.features.plan import Plan
from mercato_kit.db import utc_now
from mercato_runtime.composition.deliveries import Deliveries, troubles
from mercato_runtime.composition.masks import masked
from mercato_runtime.health import Readiness

Status = str
"""``true``, ``false`` or ``unknown``."""


@dataclass(frozen=True)
class Condition:
    """One condition.

    Args:
        name: ``Fits``, ``Migrated``, ``Ready``, ``Delivering`` or ``Safe``.
        status: ``true``, ``false`` or ``unknown``.
        reason: One word for programs.
        message: One sentence for people.
    """

    name: str
    status: Status
    reason: str
    message: str


@dataclass
class Since:
    """Remembers since when each condition has its status, as this process saw it."""

    _seen: dict[str, tuple[Status, datetime]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(self, condition: Condition) -> datetime:
        """Return since when the condition has this status."""
        with self._lock:
            status, moment = self._seen.get(condition.name, ("", utc_now()))
            if status != condition.status:
                moment = utc_now()
            self._seen[condition.name] = (condition.status, moment)
            return moment


def conditions_of(
    plan: Plan, found: Readiness, deliveries: Sequence[Deliveries] | None
) -> Iterator[Condition]:
    """Give the conditions of a deployment that runs.

    Args:
        plan: The plan of the app.
        found: What the checks found.
        deliveries: What is to be delivered; None if the database did not say.
    """
    yield _fits(plan)
    yield _migrated(found)
    yield _ready(found)
    yield _delivering(deliveries)
    yield _safe(plan)


def _fits(plan: Plan) -> Condition:
    if plan.left_out:
        names = ", ".join(sorted(plan.left_out))
        return Condition("Fits", "false", "LeftOut", f"Runs without {names}.")
    count = len(plan.features)
    noun = "feature fits" if count == 1 else "features fit together"
    return Condition("Fits", "true", "Composed", f"{count} {noun}.")


def _migrated(found: Readiness) -> Condition:
    if not found.is_reached:
        return Condition("Migrated", "unknown", "DatabaseAway", "The database does not answer.")
    if any(check == "migrations" for check, _ in found.wrong):
        message = "The migrations could not be compared."
        return Condition("Migrated", "unknown", "CheckFailed", message)
    behind = [check for check, _ in found.wrong if check.startswith("migrations of ")]
    if behind:
        names = ", ".join(check.removeprefix("migrations of ") for check in behind)
        message = f"Other tables are needed: {names}. Run mercato db upgrade."
        return Condition("Migrated", "false", "Pending", message)
    return Condition("Migrated", "true", "UpToDate", "The tables are those of the features.")


def _ready(found: Readiness) -> Condition:
    if found.wrong:
        said = "; ".join(f"{check}: {detail}" for check, detail in found.wrong)
        return Condition("Ready", "false", "ChecksFail", masked(said))
    if found.left_out:
        message = f"Ready, but degraded: {', '.join(sorted(found.left_out))}."
        return Condition("Ready", "true", "Degraded", message)
    return Condition("Ready", "true", "ChecksPass", "Database and features are ready.")


def _delivering(deliveries: Sequence[Deliveries] | None) -> Condition:
    if deliveries is None:
        return Condition("Delivering", "unknown", "DatabaseAway", "Events could not be read.")
    wrong = list(troubles(deliveries))
    if wrong:
        reason = next(word for word in ("Parked", "Failing", "Late") if word in dict(wrong))
        names = ", ".join(sorted({row.handler for _, row in wrong}))
        return Condition("Delivering", "false", reason, f"Events wait for {names}.")
    return Condition("Delivering", "true", "UpToDate", "Events reach their handlers.")


def _safe(plan: Plan) -> Condition:
    environment = plan.deployment.environment
    if environment != "production":
        message = f"The rules of production do not apply to the environment {environment}."
        return Condition("Safe", "unknown", "NotProduction", message)
    if plan.accepted:
        names = ", ".join(sorted(fault.accepted for fault in plan.accepted if fault.accepted))
        return Condition("Safe", "false", "Accepted", f"The file accepts {names}.")
    return Condition("Safe", "true", "RulesHold", "Every rule of production holds.")
