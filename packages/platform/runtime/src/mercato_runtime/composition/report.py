"""What ``/composition`` shows, as JSON values."""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any, TypeVar

from flask import current_app

from mercato_composition.features.candidate import Candidate
from mercato_composition.features.plan import Plan
from mercato_composition.features.relations import Answered, needs_between
from mercato_composition.report.check import expansions_of
from mercato_composition.report.settings import settings_of
from mercato_database.history import current_revisions, histories
from mercato_kit import work
from mercato_kit.db import session, utc_now
from mercato_runtime import health
from mercato_runtime.composition.conditions import Since, conditions_of
from mercato_runtime.composition.deliveries import (
    Deliveries,
    moment,
    read_delivered,
    read_jobs,
    read_waiting,
)
from mercato_runtime.composition.masks import masked
from mercato_runtime.health import Readiness

T = TypeVar("T")

_log = logging.getLogger(__name__)


def describe(plan: Plan, since: Since) -> dict[str, Any]:
    """Return the composition of the current app; what the database does not say is None."""
    found = health.examine()
    ask = _ask if found.is_reached else _without_asking
    waiting, revisions = ask(read_waiting), ask(_revisions)
    needs = list(needs_between(plan.features, plan.answers))
    conditions = conditions_of(plan, found, waiting)
    composed = [_feature(it, needs, found, revisions) for it in plan.features]
    return {
        "title": current_app.config["API_TITLE"],
        "file": plan.deployment.source.name,
        "environment": plan.deployment.environment,
        "kit": version("mercato-kit"),
        "as_of": moment(utc_now()),
        "conditions": [{**asdict(it), "since": moment(since.of(it))} for it in conditions],
        "features": [*composed, *_left_out(plan)],
        "contracts": list(_contracts(plan, needs)),
        "expansions": list(expansions_of(plan)),
        "events": None if waiting is None else list(_events(waiting, ask(read_delivered))),
        "jobs": ask(read_jobs),
        "settings": list(_settings(plan)),
        "accepted": [
            {"rule": fault.accepted, "reason": plan.deployment.accept.get(fault.accepted or "")}
            for fault in plan.accepted
        ],
        "left_out": [
            {"feature": name, "reason": masked(reason)}
            for name, reason in sorted(plan.left_out.items())
        ],
    }


def _events(
    waiting: Iterable[Deliveries], delivered: Mapping[str, int] | None
) -> Iterator[dict[str, Any]]:
    for row in waiting:
        count = None if delivered is None else delivered.get(row.handler, 0)
        yield {**row.as_json(), "delivered": count}


def _ask(read: Callable[[], T]) -> T | None:
    """Read in a transaction of its own: what one cannot read must not hide the others."""
    try:
        return work.run(read, read_only=True)
    except Exception as error:  # noqa: BLE001 - tables may be missing, the database may go away
        _log.warning("%s: the database did not say: %s", read.__name__, type(error).__name__)
        return None


def _without_asking(_read: Callable[[], T]) -> T | None:
    return None


def _revisions() -> dict[str, str]:
    names = [it.feature for it in histories(health.current_plan().features)]
    return current_revisions(session.connection(), names)


def _feature(
    feature: Candidate,
    needs: list[Answered],
    found: Readiness,
    revisions: Mapping[str, str] | None,
) -> dict[str, Any]:
    manifest = feature.manifest
    history = next((it for it in histories([manifest]) if it.feature == feature.name), None)
    return {
        "name": feature.name,
        "state": "composed",
        "summary": manifest.summary,
        "distribution": feature.distribution,
        "version": feature.version,
        "required": feature.required,
        "mount": feature.mount,
        "offers": [
            {"contract": it.id, "version": it.version}
            for offers in (manifest.offers, manifest.decorates)
            for it in offers
        ],
        "needs": [_need(it) for it in needs if it.feature is feature],
        "expands": [f"{one.word}: {one.name}" for one in manifest.expansions],
        "publishes": list(manifest.publishes),
        "handles": sorted({handler.topic for handler in manifest.handles}),
        "tables": history
        and {
            "wheel": history.head,
            "database": revisions.get(feature.name) if revisions is not None else "unknown",
        },
        "health": _health(feature.name, found),
    }


def _need(answered: Answered) -> dict[str, Any]:
    return {
        "contract": answered.need.id,
        "versions": answered.need.versions,
        "answered_by": ", ".join(it.feature.name for it in answered.answers) or None,
        "optional": answered.glue or not answered.need.at_least,
    }


def _health(name: str, found: Readiness) -> str | None:
    """Return what is wrong with a feature; None if nothing is, or it was not asked."""
    wrong = [f"{check}: {detail}" for check, detail in found.wrong if check.startswith(f"{name}:")]
    said = found.left_out.get(name)
    return masked("; ".join([*wrong, *([said] if said else [])])) or None


def _left_out(plan: Plan) -> Iterator[dict[str, Any]]:
    loaded = {feature.name: feature for feature in plan.absent}
    for name in sorted(plan.left_out):
        feature = loaded.get(name)
        yield {
            "name": name,
            "state": "left out",
            "summary": feature.manifest.summary if feature else None,
            "distribution": feature.distribution if feature else None,
            "version": feature.version if feature else None,
            "required": False,
            "mount": feature.mount if feature else "",
            "offers": [],
            "needs": [],
            "expands": [],
            "publishes": [],
            "handles": [],
            "tables": None,
            "health": masked(plan.left_out[name]),
        }


def _contracts(plan: Plan, needs: list[Answered]) -> Iterator[dict[str, Any]]:
    """Give what answers each contract, in the order in which the first providers start."""
    source, chosen = plan.deployment.source, plan.deployment.capabilities
    starts = {feature.name: number for number, feature in enumerate(plan.features)}
    answers = [found for found in plan.answers.values() if found]
    for found in sorted(answers, key=lambda found: starts[found[-1].feature.name]):
        for feature, offer in found:
            yield {
                "contract": offer.id,
                "version": offer.version,
                "offered_by": feature.name,
                "needed_by": _needing(offer.contract, needs),
                "origin": str(source.origin("capabilities", offer.id))
                if offer.id in chosen
                else None,
            }


def _needing(contract: type[Any], needs: list[Answered]) -> list[str]:
    names = sorted({it.feature.name for it in needs if it.need.contract is contract})
    # Contracts of the kit are those that the host itself calls.
    return [*names, *(["the host"] if contract.__module__.startswith("mercato_kit.") else [])]


def _settings(plan: Plan) -> Iterator[dict[str, Any]]:
    """Give the settings in force; those of features that could not be loaded may be secrets."""
    for setting in settings_of(plan):
        if setting.kind != "unknown":
            yield {
                "table": ".".join(setting.path[:-1]),
                "key": setting.path[-1],
                "value": setting.value,
                "origin": setting.origin,
                "meaning": setting.meaning,
            }
