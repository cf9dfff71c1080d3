"""K206: what the features themselves declare as unsafe in production."""

import json
from collections.abc import Iterator, Sequence

from mercato_composition.deployment.file import ValuePath, variable_of
from mercato_composition.deployment.model import Deployment
from mercato_composition.faults import Fault, Outside
from mercato_composition.features.candidate import Candidate
from mercato_composition.features.checks.unsafe import Unsafe, origin_or_default
from mercato_kit.settings import UNSAID, Rule, Settings


def development_only(features: Sequence[Candidate], deployment: Deployment) -> Iterator[Unsafe]:
    """Check that no feature is for development only."""
    for feature in features:
        if reason := feature.manifest.development_only:
            choice = deployment.features.get(feature.name)
            where = choice.place if choice else feature.place
            what = f"{feature.where} is for development only: {reason}."
            fix = f"remove [features.{feature.name}]"
            yield Unsafe(feature.name, where, what, (Outside(fix),), feature=feature.name)


def unsafe_settings(
    feature: Candidate, settings: Settings, deployment: Deployment
) -> Iterator[Fault]:
    """Apply the rules of a feature's settings (K206). A rule that fails is a fault, too (K106)."""
    for rule in settings.production:
        try:
            unsafe = rule.unsafe(settings)
        except Exception as error:  # noqa: BLE001 - the feature's code may raise anything
            what = f"its production rule for {rule.key!r} cannot be applied: {type(error).__name__}"
            yield feature.fault("K106", f"{what}.", Outside("report it to its maintainers"))
            continue
        if unsafe:
            yield _broken(feature, rule, deployment).fault(deployment)


def _broken(feature: Candidate, rule: Rule, deployment: Deployment) -> Unsafe:
    path = ("features", feature.name, "settings", rule.key)
    where = origin_or_default(deployment.source, *path, release=feature.release)
    what = f"{rule.key!r} of {feature.where} is unsafe: {rule.why}."
    fix = _fix(path, rule, deployment)
    return Unsafe(
        f"{feature.name}.{rule.key}", where, what, (Outside(fix),), rule.acceptable, feature.name
    )


def _fix(path: ValuePath, rule: Rule, deployment: Deployment) -> str:
    if rule.instead is not UNSAID:
        return f"write {rule.key} = {json.dumps(rule.instead)} in [{'.'.join(path[:-1])}]"
    if deployment.source.in_environment(*path):
        return f"unset {variable_of(*path)}"
    return f"remove {rule.key} from [{'.'.join(path[:-1])}]"
