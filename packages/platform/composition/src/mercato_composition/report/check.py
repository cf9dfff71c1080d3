"""What ``mercato check --json`` prints; ``schemas/check.schema.json`` is its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mercato_composition.deployment.draft import Draft
from mercato_composition.deployment.partial import Hole, known_or
from mercato_composition.faults import Fault
from mercato_composition.faults.documents import as_document
from mercato_composition.features.plan import Plan
from mercato_composition.report.answers import describe_contracts


def describe(
    file: str, faults: Sequence[Fault], plan: Plan | None, not_checked: Sequence[Hole]
) -> dict[str, Any]:
    """Return the members of the document.

    Args:
        file: The name of the deployment file.
        faults: All faults, in order.
        plan: The plan; None if the file cannot be read at all.
        not_checked: What could not be checked.
    """
    errors = sum(fault.severity == "error" for fault in faults)
    draft = plan.draft if plan else None
    return {
        "deployment": {
            "file": file,
            "environment": known_or(draft.environment, None) if draft else None,
            "assumed": draft.assumed if draft else None,
        },
        "fits": not errors,
        "errors": errors,
        "warnings": len(faults) - errors,
        "faults": [as_document(fault) for fault in faults],
        "not_checked": [{"what": it.what, "because": list(it.because)} for it in not_checked],
        "accepted": list(_accepted(draft, faults)) if draft else [],
        "contracts": describe_contracts(plan) if plan else {},
        "expansions": list(expansions_of(plan)) if plan else [],
        "features": list(_features(plan, faults)) if plan else [],
    }


def _accepted(draft: Draft, faults: Sequence[Fault]) -> Iterator[Mapping[str, str]]:
    reasons = known_or(draft.accept, {})
    for rule in dict.fromkeys(fault.accepted for fault in faults if fault.accepted):
        yield {"rule": rule, "reason": reasons.get(rule, "")}


def expansions_of(plan: Plan) -> Iterator[Mapping[str, Any]]:
    """Give what each composed feature adds to the items of others."""
    for feature in plan.features:
        for one in feature.manifest.expansions:
            yield {
                "items": one.word,
                "name": one.name,
                "feature": feature.name,
                "distribution": feature.distribution,
                "version": feature.version,
                "allow": one.allow.name,
                "public": one.public,
            }


def _features(plan: Plan, faults: Sequence[Fault]) -> Iterator[Mapping[str, Any]]:
    loaded = {feature.name: feature for feature in (*plan.absent, *plan.features)}
    composed = {feature.name for feature in plan.features}
    for name in dict.fromkeys([*plan.draft.features, *composed]):
        feature, choice = loaded.get(name), plan.draft.features.get(name)
        state = "left_out" if name in plan.left_out else "not_loaded"
        yield {
            "name": name,
            "distribution": feature.distribution if feature else None,
            "version": feature.version if feature else None,
            "required": choice.required if choice else True,
            "state": "composed" if name in composed else state,
            "because": [fault.key for fault in faults if fault.feature == name],
        }
